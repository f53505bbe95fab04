import test from "ava";
import { variableNames } from "../../nfs-server/settings.ts";
import { read } from "./document.ts";

/** Where the data lies in the container is the compose file's own affair. */
const fixed = new Set(["SWARMNFS_DATA"]);

const compose = await read("deploy/nfs-server.compose.yml");

test("deploy/nfs-server.compose.yml hands on every variable of the server, and nothing else", (t) => {
  const handed = [...compose.matchAll(/^ +- (SWARMNFS_\w+)$/gm)].map(([, name = ""]) => name);
  t.deepEqual(handed.toSorted(), variableNames.filter((name) => !fixed.has(name)).toSorted());
});

test("deploy/nfs-server.compose.yml asks for CAP_SYS_ADMIN alone", (t) => {
  t.notRegex(compose, /privileged|^ +(devices|pid|ipc):/m);
  t.regex(compose, /^ {4}cap_add:\n {6}- SYS_ADMIN\n {6}# - NET_ADMIN/m);
});
