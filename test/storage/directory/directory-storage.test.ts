import { execFile } from "node:child_process";
import { utimes } from "node:fs/promises";
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

for (const [what, act, expected] of [
  ["was not changed", async () => {}, []],
  [
    "is changed",
    async (other: DirectoryStorage) =>
      void (await other.update("v", { access: "readonly" }, node1)),
    ["ro"],
  ],
  [
    "is removed by this node itself",
    async (other: DirectoryStorage) => void (await other.remove("v", node1)),
    null,
  ],
] as const) {
  test(`a record that ${what} while a node attaches its volume counts as it is in the end`, async (t) => {
    const path = await temporaryDirectory(t);
    const other = directoryStorage(path);
    await other.open(null);
    await create(other, "v");
    // Written long ago: then its stamp alone tells whether it changed.
    const past = new Date("2026-03-01T00:00:00Z");
    await utimes(join(path, ".swarmnfs/volumes/v.json"), past, past);
    const storage = directoryStorage(path, {
      checkpoint: async (name) => (name === "attach:signed" ? act(other) : undefined),
    });
    await storage.open(null);
    const attached = storage.attach("v", node1, []);
    if (expected === null) await t.throwsAsync(attached, { code: "not-found" });
    else t.deepEqual((await attached).options, expected);
  });
}

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

test("the data disk of our own server takes exclusive and squashed volumes, and keeps all their mount options", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = { url: "swarmnfs://storage1", path, trashDays: 30, makeRoot: false };
  const storage = new DirectoryStorage({ ...settings, served: true }, { clock: systemClock });
  await storage.open(null);
  const made = await create(storage, "v", {
    access: "exclusive",
    squash: "app",
    "mount-options": "noatime,timeo=600",
  });
  t.deepEqual([made.access, made.squash], ["exclusive", "app"]);
  t.deepEqual((await storage.attach("v", node1, [])).options, ["noatime", "timeo=600"]);
});
