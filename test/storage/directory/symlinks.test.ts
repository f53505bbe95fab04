import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { create, directoryOf, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

async function prepare(t: ExecutionContext): Promise<{
  path: string;
  outside: string;
  storage: ReturnType<typeof directoryStorage>;
}> {
  const [path, outside] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v", { app: "x" });
  await writeFile(join(outside, "precious"), "precious");
  return { path, outside, storage };
}

async function intact(t: ExecutionContext, outside: string): Promise<void> {
  t.deepEqual(await readdir(outside), ["precious"]);
  t.is(await readFile(join(outside, "precious"), "utf8"), "precious");
  t.is((await stat(outside)).uid, 0);
}

for (const place of ["apps", "apps/x", "apps/x/v", "shared"]) {
  test(`a symlink in the place of ${place} is not followed`, async (t) => {
    const { path, outside, storage } = await prepare(t);
    await rm(join(path, place), { recursive: true });
    await symlink(outside, join(path, place));
    const refusal = { code: "unavailable", message: /is not what it should be: a symlink/ };
    if (place === "shared") {
      await t.throwsAsync(create(storage, "w", { app: "shared", uid: "9" }), refusal);
    } else {
      await t.throwsAsync(storage.attach("v", node1, []), refusal);
      await t.throwsAsync(storage.usage("v"), refusal);
      if (place !== "apps/x/v")
        await t.throwsAsync(create(storage, "w", { app: "x", uid: "9" }), refusal);
    }
    await Promise.allSettled([storage.remove("v", node1)]);
    const trashed = (await storage.trash()).map(({ id }) => id);
    await Promise.allSettled([storage.purge(trashed, node1), storage.housekeep(node1)]);
    await intact(t, outside);
  });
}

for (const folder of ["volumes", "apps", "claims", "trash", "use", "numbers", "tmp"]) {
  test(`a symlink in the place of .swarmnfs/${folder} is not followed`, async (t) => {
    const { path, outside, storage } = await prepare(t);
    await rename(join(path, ".swarmnfs", folder), join(path, ".swarmnfs/old"));
    await symlink(outside, join(path, ".swarmnfs", folder));
    const calls = [
      storage.list(),
      create(storage, "w"),
      storage.update("v", { backup: "off" }, node1),
      storage.attach("v", node1, []),
      storage.remove("v", node1),
      storage.purge(["v@20260301T000000Z-00000000"], node1),
      storage.housekeep(node1),
    ];
    const results = await Promise.allSettled(calls);
    t.true(results.some(({ status }) => status === "rejected"));
    await intact(t, outside);
  });
}

test("a record that is a symlink is damage, wherever it points", async (t) => {
  const { path, outside, storage } = await prepare(t);
  await symlink(join(outside, "precious"), join(path, ".swarmnfs/volumes/w.json"));
  await t.throwsAsync(storage.get("w"), { code: "unavailable" });
  t.deepEqual(
    (await storage.list()).damaged.map(({ file }) => file),
    [".swarmnfs/volumes/w.json"],
  );
});

test("purging and counting do not follow symlinks that a container made", async (t) => {
  const { outside, storage } = await prepare(t);
  const folder = await directoryOf(storage, "v");
  await symlink(outside, join(folder, "out"));
  await symlink("../../../..", join(folder, "up"));
  await symlink(join(outside, "precious"), join(folder, "file"));
  await mkdir(join(folder, "sub"));
  await symlink(outside, join(folder, "sub/out"));
  t.is((await storage.usage("v")).files, 6);
  await storage.remove("v", node1);
  const [entry] = await storage.trash();
  t.deepEqual(await storage.purge([entry?.id ?? ""], node1), [entry?.id]);
  await intact(t, outside);
});

test("a volume swapped for a symlink after its removal began is moved as what it is", async (t) => {
  const { path, outside, storage } = await prepare(t);
  const folder = join(path, "apps/x/v");
  await rm(folder, { recursive: true });
  await symlink(outside, folder);
  await storage.remove("v", node1);
  const [entry] = await storage.trash();
  t.is(await readlink(join(path, ".swarmnfs/trash", entry?.id ?? "", "data")), outside);
  await storage.purge([entry?.id ?? ""], node1);
  await intact(t, outside);
});

test("a storage whose own path leads through a symlink works, and mounts come from the true place", async (t) => {
  const [path, elsewhere] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  await symlink(path, join(elsewhere, "link"));
  const storage = directoryStorage(join(elsewhere, "link"));
  await storage.open(null);
  await create(storage, "v", { app: "x" });
  t.is(await directoryOf(storage, "v"), join(path, "apps/x/v"));
});
