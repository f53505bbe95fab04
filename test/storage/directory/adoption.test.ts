import {
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import type {
  DirectoryEffects,
  DirectoryStorage,
} from "../../../storage/directory/directory-storage.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { create, directoryOf, node1, node2 } from "../conformance.ts";
import { directoryStorage, guardedStorage, temporaryDirectory } from "../places.ts";

interface Place {
  readonly path: string;
  readonly storage: DirectoryStorage;
  readonly connect: (effects?: Partial<DirectoryEffects>) => Promise<DirectoryStorage>;
}

/** A storage that is in use, with a directory of before beside: `old/blog` with a file "post". */
async function place(t: ExecutionContext): Promise<Place> {
  const path = await temporaryDirectory(t);
  const connect: Place["connect"] = async (effects = {}) => {
    const storage = directoryStorage(path, effects);
    await storage.open(null);
    return storage;
  };
  const storage = await connect();
  await mkdir(join(path, "old/blog"), { recursive: true });
  await writeFile(join(path, "old/blog/post"), "hello");
  return { path, storage, connect };
}

function adopt(
  storage: Pick<DirectoryStorage, "adopt">,
  from: string,
  name: string,
  options: Record<string, string> = { app: "blog" },
  by = node1,
): Promise<VolumeRecord> {
  return storage.adopt({ path: from, name, options: parseOptions(options) }, by);
}

test("a directory becomes a volume as it is: the same inode, with its owner and mode", async (t) => {
  const { path, storage } = await place(t);
  const before = join(path, "old/blog");
  await chown(before, 33, 44);
  await execa("chmod", ["2770", before]);
  const { ino } = await stat(before);
  const record = await adopt(storage, "./old//blog/", "blog_data");
  t.like(record, { state: "ready", app: "blog", owner: { uid: 33, gid: 44, mode: 0o2770 } });
  const after = await directoryOf(storage, "blog_data");
  t.is(after, join(path, "apps/blog/blog_data"));
  t.like(await stat(after), { ino, uid: 33, gid: 44, mode: 0o42770 });
  t.is(await readFile(join(after, "post"), "utf8"), "hello");
  t.deepEqual(await readdir(join(path, "old")), []);
  t.like(await storage.getApp("blog"), { services: ["blog"] });
});

test("through the keeper as well, and asked for again it is done already", async (t) => {
  const { path } = await place(t);
  const storage = guardedStorage(t, path);
  await storage.open(null);
  const record = await adopt(storage, "old/blog", "blog_data");
  t.is((await adopt(storage, "old/blog", "blog_data")).id, record.id);
  await mkdir(join(path, "old/blog"));
  await t.throwsAsync(adopt(storage, "old/blog", "blog_data"), { code: "conflict" });
});

test("a look changes nothing, and says what stands out", async (t) => {
  const { path, storage } = await place(t);
  const folder = join(path, "old/blog");
  await mkdir(join(folder, "deep"));
  await symlink("../post", join(folder, "deep/inside"));
  await symlink("../../../secret", join(folder, "deep/out"));
  await symlink("/etc/passwd", join(folder, "absolute"));
  await link(join(folder, "post"), join(folder, "deep/again"));
  await writeFile(join(path, "elsewhere"), "shared");
  await link(join(path, "elsewhere"), join(folder, "shared"));
  const found = await storage.examine("old/blog");
  t.like(found, { path: "old/blog", files: 7, whole: true });
  t.deepEqual([...found.leadOut.first].toSorted(), [
    "absolute -> /etc/passwd",
    "deep/out -> ../../../secret",
  ]);
  t.deepEqual(found.shared, { count: 1, first: ["shared"] });
  t.deepEqual((await storage.list()).volumes, []);
  t.deepEqual(await readdir(join(path, "old")), ["blog"]);
});

const refusals: readonly [path: string, code: string, message: RegExp][] = [
  ["/srv/data", "invalid", /swarmnfs import \/srv\/data/],
  [".", "invalid", /the storage itself/],
  ["old/../old/blog", "invalid", /without "\.\."/],
  [".swarmnfs/trash", "invalid", /where swarmnfs itself keeps/],
  ["apps/blog/other", "invalid", /where swarmnfs itself keeps/],
  ["Shared/x", "invalid", /where swarmnfs itself keeps/],
  ["old/wiki", "not-found", /no directory "old\/wiki"/],
  ["old/blog/post", "invalid", /symlink or a file/],
  ["old/link", "invalid", /symlink or a file/],
  ["way/blog", "invalid", /symlink or a file/],
];

for (const [from, code, message] of refusals) {
  test(`"${from}" is not adopted`, async (t) => {
    const { path, storage } = await place(t);
    await symlink("blog", join(path, "old/link"));
    await symlink("old", join(path, "way"));
    await t.throwsAsync(storage.examine(from), { code, message });
    await t.throwsAsync(adopt(storage, from, "v"), { code, message });
    t.is(await storage.get("v"), null);
    t.is(await readFile(join(path, "old/blog/post"), "utf8"), "hello");
  });
}

test("what a directory is like already cannot be chosen", async (t) => {
  const { storage } = await place(t);
  for (const option of [{ uid: "7" }, { mode: "0700" }, { from: "x" }, { root: "true" }]) {
    const asked = "root" in option ? option : { app: "blog", ...option };
    await t.throwsAsync(adopt(storage, "old/blog", "v", asked), { code: "invalid" });
  }
});

test("a name that is taken stays who has it, and so does a place with files", async (t) => {
  const { path, storage } = await place(t);
  await create(storage, "taken", { app: "blog" });
  await t.throwsAsync(adopt(storage, "old/blog", "taken"), { code: "conflict" });
  await t.throwsAsync(adopt(storage, "old/blog", "Taken"), { code: "invalid" });
  await mkdir(join(path, "apps/blog/v"));
  await writeFile(join(path, "apps/blog/v/other"), "other");
  await t.throwsAsync(adopt(storage, "old/blog", "v"), { code: "conflict" });
  t.is(await readFile(join(path, "apps/blog/v/other"), "utf8"), "other");
  t.is(await readFile(join(path, "old/blog/post"), "utf8"), "hello");
});

test("files that come to its place at the last moment stay, and the directory stays where it was", async (t) => {
  const { path, connect } = await place(t);
  const storage = await connect({
    checkpoint: async (name) => {
      if (name !== "adopt:moving") return;
      await mkdir(join(path, "apps/blog/v"));
      await writeFile(join(path, "apps/blog/v/other"), "other");
    },
  });
  await t.throwsAsync(adopt(storage, "old/blog", "v"), { code: "conflict" });
  t.is(await readFile(join(path, "apps/blog/v/other"), "utf8"), "other");
  t.is(await readFile(join(path, "old/blog/post"), "utf8"), "hello");
  t.is(await storage.get("v"), null);
});

test("another directory that comes in its place at the last moment goes back", async (t) => {
  const { path, connect } = await place(t);
  await mkdir(join(path, "other"));
  await writeFile(join(path, "other/file"), "other");
  let isFirst = true;
  const storage = await connect({
    checkpoint: async (name) => {
      if (name !== "adopt:moving" || !isFirst) return;
      isFirst = false;
      await rename(join(path, "old/blog"), join(path, "old/moved"));
      await rename(join(path, "other"), join(path, "old/blog"));
    },
  });
  await t.throwsAsync(adopt(storage, "old/blog", "v"), { code: "conflict" });
  t.is(await readFile(join(path, "old/blog/file"), "utf8"), "other");
  t.is(await readFile(join(path, "old/moved/post"), "utf8"), "hello");
  t.is(await storage.get("v"), null);
});

test("of two nodes that adopt one directory at once one does it, and nothing is lost", async (t) => {
  const { path, storage, connect } = await place(t);
  const other = await connect();
  const results = await Promise.allSettled([
    adopt(storage, "old/blog", "one"),
    adopt(other, "old/blog", "two", { app: "blog" }, node2),
  ]);
  const made = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  t.is(made.length, 1);
  const [{ name } = { name: "" }] = made;
  t.is(await readFile(join(path, "apps/blog", name, "post"), "utf8"), "hello");
  t.deepEqual(
    (await storage.list()).volumes.map((volume) => volume.name),
    [name],
  );
});

test("a volume that is removed while its directory is on the way loses nothing", async (t) => {
  const { path, storage, connect } = await place(t);
  const adopting = await connect({
    checkpoint: async (name) => {
      if (name === "adopt:moved") await storage.remove("v", node1);
    },
  });
  await t.throwsAsync(adopt(adopting, "old/blog", "v"));
  const [entry] = await storage.trash();
  t.is(
    await readFile(join(path, ".swarmnfs/trash", entry?.id ?? "", "data/post"), "utf8"),
    "hello",
  );
});

test("what was adopted goes to the trash and comes back like any other volume", async (t) => {
  const { storage } = await place(t);
  await adopt(storage, "old/blog", "v");
  await storage.remove("v", node1);
  const [entry] = await storage.trash();
  await storage.undelete(entry?.id ?? "", "w", node1);
  t.is(await readFile(join(await directoryOf(storage, "w"), "post"), "utf8"), "hello");
});

test("a directory with something mounted in it is told by the look, and not moved", async (t) => {
  const { path, storage } = await place(t);
  const inner = join(path, "old/blog/inner");
  await mkdir(inner);
  await execa("mount", ["-t", "tmpfs", "tmpfs", inner]);
  t.teardown(() => execa("umount", [inner]));
  await t.throwsAsync(storage.examine("old/blog"), { code: "in-use", message: /"inner"/ });
  await t.throwsAsync(storage.examine("old/blog/inner"), { code: "unsupported" });
  await t.throwsAsync(adopt(storage, "old/blog/inner", "v"), { code: "unsupported" });
  t.is(await storage.get("v"), null);
});
