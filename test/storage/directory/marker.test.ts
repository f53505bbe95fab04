import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import { create } from "../conformance.ts";
import { directoryStorage, keeper, temporaryDirectory } from "../places.ts";

const marker = ".swarmnfs/storage.json";

test("an empty directory becomes a storage, once, even if two do it at the same time", async (t) => {
  const path = await temporaryDirectory(t);
  await mkdir(join(path, "lost+found"));
  const ids = await Promise.all([1, 2, 3].map(() => directoryStorage(path).open(null)));
  t.is(new Set(ids.map(({ id }) => id)).size, 1);
  t.deepEqual((await readdir(path)).toSorted(), [".swarmnfs", "apps", "lost+found", "shared"]);
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});

test("a directory with somebody's files is refused, with advice, and left as it is", async (t) => {
  const path = await temporaryDirectory(t);
  await writeFile(join(path, "photos"), "");
  await t.throwsAsync(directoryStorage(path).open(null), {
    code: "conflict",
    message: `dir://${path} is not empty (it holds "photos") and was never used by swarmnfs. Give swarmnfs a directory of its own, like dir://${path}/swarmnfs`,
  });
  t.deepEqual(await readdir(path), ["photos"]);
});

test("a known storage whose marker is missing is refused and never made anew", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  const { id } = await storage.open(null);
  await rename(join(path, ".swarmnfs"), join(path, "elsewhere"));
  const refusal = {
    code: "unavailable",
    message: /is not the storage it was: its marker .+ is missing\. Probably a disk/,
  };
  await t.throwsAsync(storage.list(), refusal);
  await t.throwsAsync(storage.open(id), refusal);
  await t.throwsAsync(create(storage, "v"), refusal);
  await t.throwsAsync(directoryStorage(path).open(id), refusal);
  t.false((await readdir(path)).includes(".swarmnfs"));
  await rename(join(path, "elsewhere"), join(path, ".swarmnfs"));
  await t.notThrowsAsync(create(storage, "v"));
});

test("another storage at the same place is noticed", async (t) => {
  const [one, two] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  const storage = directoryStorage(one);
  await storage.open(null);
  await directoryStorage(two).open(null);
  await rename(join(one, ".swarmnfs"), join(one, "old"));
  await rename(join(two, ".swarmnfs"), join(one, ".swarmnfs"));
  await t.throwsAsync(storage.list(), {
    code: "unavailable",
    message: /another storage than before/,
  });
});

test("a directory that is not there is unavailable, and works again when it is back", async (t) => {
  const parent = await temporaryDirectory(t);
  const path = join(parent, "disk");
  await t.throwsAsync(directoryStorage(path).open(null), {
    code: "unavailable",
    message: /is not there/,
  });
  await mkdir(path);
  const storage = directoryStorage(path);
  await storage.open(null);
  await rename(path, join(parent, "away"));
  await t.throwsAsync(storage.get("v"), { code: "unavailable", message: /is not there/ });
  await rename(join(parent, "away"), path);
  t.is(await storage.get("v"), null);
});

test("records without a marker are not built over", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v");
  await rm(join(path, marker));
  await t.throwsAsync(directoryStorage(path).open(null), {
    code: "unavailable",
    message: /has lost its marker/,
  });
});

test("an initialisation that was interrupted is finished", async (t) => {
  const path = await temporaryDirectory(t);
  await mkdir(join(path, ".swarmnfs/volumes"), { recursive: true });
  await t.notThrowsAsync(directoryStorage(path).open(null));
});

/** A keeper whose root is somebody else on the storage, as on a server that squashes root: it may do all the same. */
const squashed = {
  command: "setpriv",
  args: [
    ..."--reuid=65534 --regid=65534 --clear-groups".split(" "),
    ..."--inh-caps=+dac_override,+dac_read_search --ambient-caps=+dac_override,+dac_read_search".split(
      " ",
    ),
    keeper.command,
    ...keeper.args,
  ],
};

test("where a server squashes root no storage is made, and nothing is left", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = { url: "nfs://nas.lan/volume1", path, trashDays: 30, makeRoot: false };
  const storage = new GuardedStorage({ ...settings, nfs: true }, { keeper: squashed });
  t.teardown(() => storage.close());
  await t.throwsAsync(storage.open(null), { code: "unavailable", message: /no_root_squash/ });
  t.deepEqual(await readdir(path), []);
  // What another node began there is left to that one.
  await mkdir(join(path, ".swarmnfs"));
  await t.throwsAsync(storage.open(null), { code: "unavailable", message: /no_root_squash/ });
  t.deepEqual(await readdir(path, { recursive: true }), [".swarmnfs"]);
  const { uid } = await stat(join(path, ".swarmnfs"));
  t.is(uid, 0);
});

for (const [content, reason] of [
  ["", "it is empty"],
  ["{", "it is not JSON"],
  [`{"schema":2,"id":"x"}`, "newer version of swarmnfs (schema 2"],
  [`{"schema":1,"id":"../x","createdAt":"2026-03-01T00:00:00Z"}`, "Invalid UUID"],
] as const) {
  test(`a marker that says ${JSON.stringify(content)} is reported and left alone`, async (t) => {
    const path = await temporaryDirectory(t);
    await directoryStorage(path).open(null);
    await writeFile(join(path, marker), content);
    const error = await t.throwsAsync(directoryStorage(path).open(null), { code: "unavailable" });
    t.true(error?.message.includes(reason), error?.message);
    t.is(await readFile(join(path, marker), "utf8"), content);
  });
}
