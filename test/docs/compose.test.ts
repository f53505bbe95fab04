import test from "ava";
import {
  secretNames as backupSecrets,
  variableNames as backupVariables,
} from "../../backup-sidecar/settings.ts";
import { variableNames } from "../../nfs-server/settings.ts";
import { notifySecretNames } from "../../service/notifier/notify-settings.ts";
import { read } from "./document.ts";

/** Where the data lies in the container is the compose file's own affair. */
const fixed = new Set(["SWARMNFS_DATA", ...notifySecretNames.map((name) => `${name}_FILE`)]);

const compose = await read("deploy/nfs-server.compose.yml");

const backupCompose = await read("deploy/backup.compose.yml");
const backupStack = await read("deploy/backup.stack.yml");
/** Places in the container are the files' own affair, and so is what only a secret may hold. */
const backupFixed = new Set([
  "SWARMNFS_STORAGE",
  "SWARMNFS_STATE",
  "SWARMNFS_CACHE",
  ...backupSecrets.filter((name) => !name.startsWith("NOTIFY_")),
  ...backupSecrets.filter((name) => name.startsWith("NOTIFY_")).map((name) => `${name}_FILE`),
]);

test("deploy/nfs-server.compose.yml hands on every variable of the server, and nothing else", (t) => {
  const handed = [...compose.matchAll(/^ +- ((?:SWARMNFS|NOTIFY)_\w+)$/gm)].map(
    ([, name = ""]) => name,
  );
  t.deepEqual(handed.toSorted(), variableNames.filter((name) => !fixed.has(name)).toSorted());
});

test("deploy/nfs-server.compose.yml asks for CAP_SYS_ADMIN alone", (t) => {
  t.notRegex(compose, /privileged|^ +(devices|pid|ipc):/m);
  t.regex(compose, /^ {4}cap_add:\n {6}- SYS_ADMIN\n {6}# - NET_ADMIN/m);
});

test("deploy/backup.compose.yml hands on every variable of the service, and nothing else", (t) => {
  const handed = [...backupCompose.matchAll(/^ {6}- ([A-Z_]+)(?:=.*)?$/gm)].map(
    ([, name = ""]) => name,
  );
  const known = backupVariables.filter((name) => !backupFixed.has(name));
  t.deepEqual(
    handed.filter((name) => name !== "TZ" && name !== "SYS_ADMIN").toSorted(),
    known.toSorted(),
  );
});

test("the backup's files give secrets as files, one capability, and time to end", (t) => {
  for (const file of [backupCompose, backupStack]) {
    t.notRegex(file, /privileged|^ +(devices|pid|ipc):/m);
    t.regex(file, /^ {4}cap_add:\n {6}- SYS_ADMIN\n/m);
    t.notRegex(file, /^ +(- )?(WEBDAV|BACKUP)_(URL|USERNAME|PASSWORD)[=:]/m);
    t.regex(file, /stop_grace_period: 60s/);
    t.regex(file, /test: \["CMD", "node", "\/app\/health.mjs"\]/);
  }
});

test("deploy/backup.stack.yml sets nothing that the service does not know", (t) => {
  const set = [...backupStack.matchAll(/^ {6}(?:# )?([A-Z_]+): /gm)].map(([, name = ""]) => name);
  t.deepEqual(
    set.filter((name) => !backupVariables.includes(name)),
    [],
  );
});

test("deploy/backup.stack.yml mounts the whole storage as the plugin wants it: without copying an image's directory to it", (t) => {
  t.regex(
    backupStack,
    /- type: volume\n +source: storage\n +target: \/storage\n +volume:\n(?: +#.*\n)* +nocopy: true\n/,
  );
});
