import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { conformance, create, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const run = promisify(execFile);

conformance("dir://", async (t) => {
  const path = await temporaryDirectory(t);
  return { connect: () => directoryStorage(path) };
});

test("of a volume's mount options those that mean nothing for a bind mount are left out", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = { url: `dir://${path}`, path, trashDays: 30, makeRoot: false };
  const storage = new DirectoryStorage(settings, { clock: systemClock });
  await storage.open(null);
  await create(storage, "v", { access: "readonly", "mount-options": "noatime,timeo=600" });
  const { type, options } = await storage.attach("v", node1, []);
  t.deepEqual([type, options], ["bind", ["ro", "noatime"]]);
  const onNfs = new DirectoryStorage({ ...settings, nfs: true }, { clock: systemClock });
  await onNfs.open(null);
  t.deepEqual((await onNfs.attach("v", node1, [])).options, ["ro", "noatime", "timeo=600"]);
});

test("a server that begins to squash root while it is used is told as such", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = { url: "nfs://nas.lan/volume1", path, trashDays: 30, makeRoot: false };
  const storage = new DirectoryStorage({ ...settings, nfs: true }, { clock: systemClock });
  await storage.open(null);
  // Where not even root may write: EPERM, as from such a server.
  const places = ["volumes", "apps", "tmp"].map((name) => join(path, ".swarmnfs", name));
  t.teardown(() => run("chattr", ["-i", ...places]));
  await run("chattr", ["+i", ...places]);
  await t.throwsAsync(create(storage, "v"), { code: "unavailable", message: /no_root_squash/ });
});
