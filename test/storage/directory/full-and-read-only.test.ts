import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { create, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const run = promisify(execFile);

/** A file system of 1 MB of its own. */
async function smallFileSystem(t: ExecutionContext): Promise<string> {
  const path = await temporaryDirectory(t);
  await run("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", path]);
  t.teardown(() => run("umount", ["-l", path]));
  return path;
}

async function fill(path: string): Promise<void> {
  await run("sh", ["-c", `dd if=/dev/zero of="$0" bs=4k 2>/dev/null; true`, path]);
}

test.serial(
  "a full storage says so, and still lets volumes be mounted and the trash be emptied",
  async (t) => {
    const path = await smallFileSystem(t);
    const storage = directoryStorage(path);
    await storage.open(null);
    await create(storage, "v", { app: "x" });
    await create(storage, "old", { app: "x" });
    await fill(join(path, "apps/x/old/data"));
    await t.throwsAsync(create(storage, "w"), {
      code: "full",
      message: /is full\. Make space there: empty the trash \(swarmnfs trash purge\)/,
    });
    t.like(await storage.health(), { state: "full" });
    t.is((await storage.attach("v", node1, [])).type, "bind");
    await t.notThrowsAsync(
      storage.renew([{ volume: "v", since: "2026-03-01T00:00:00Z", consumers: [] }], node1),
    );
    await t.notThrowsAsync(storage.detach("v", node1));
    t.is((await storage.list()).volumes.length, 2);
    await rm(join(path, "apps/x/old/data"));
    t.is((await create(storage, "w")).state, "ready");
    t.is((await storage.health()).state, "ok");
  },
);

test.serial("a storage out of space in the middle of a creation is no worse for it", async (t) => {
  const path = await smallFileSystem(t);
  const filler = join(path, "apps/filler");
  const storage = directoryStorage(path, {
    checkpoint: async (name) => {
      if (name === "create:provisioned") await fill(filler);
    },
  });
  await storage.open(null);
  await t.throwsAsync(create(storage, "v", { app: "x" }), { code: "full" });
  await rm(filler);
  const later = directoryStorage(path);
  await later.open(null);
  t.is((await create(later, "v", { app: "x" })).state, "ready");
  t.deepEqual((await later.list()).damaged, []);
});

test.serial(
  "a read-only storage says so, and still lets volumes be listed and mounted",
  async (t) => {
    const path = await smallFileSystem(t);
    const storage = directoryStorage(path);
    const { id } = await storage.open(null);
    await create(storage, "v", { app: "x" });
    await storage.attach("v", node2, ["service s"]);
    await run("mount", ["-o", "remount,ro", path]);
    const refusal = {
      code: "read-only",
      message:
        /is read-only, and this needs to write\. Mount it, or let its server export it, read-write again/,
    };
    await t.throwsAsync(create(storage, "w"), refusal);
    await t.throwsAsync(storage.update("v", { backup: "off" }, node1), refusal);
    await t.throwsAsync(storage.remove("v", node2), refusal);
    t.like(await storage.health(), { state: "read-only" });
    t.is((await storage.list()).volumes.length, 1);
    t.is((await storage.attach("v", node1, [])).type, "bind");
    await t.notThrowsAsync(storage.detach("v", node1));
    t.is((await directoryStorage(path).open(id)).id, id);
    await run("mount", ["-o", "remount,rw", path]);
    t.is((await create(storage, "w")).state, "ready");
  },
);

test.serial("an empty read-only directory does not become a storage", async (t) => {
  const path = await smallFileSystem(t);
  await run("mount", ["-o", "remount,ro", path]);
  await t.throwsAsync(directoryStorage(path).open(null), { code: "read-only" });
});

test.serial(
  "a disk that is not mounted is told from an empty storage, and its return is noticed",
  async (t) => {
    const path = await temporaryDirectory(t);
    await run("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", path]);
    const storage = directoryStorage(path);
    await storage.open(null);
    await create(storage, "v", { app: "x" });
    const aside = await temporaryDirectory(t);
    await run("mount", ["--bind", path, aside]);
    t.teardown(() => run("umount", ["-l", aside]));
    await run("umount", [path]);
    await t.throwsAsync(create(storage, "w"), {
      code: "unavailable",
      message: /marker .+ is missing\. Probably a disk/,
    });
    await run("mount", ["--bind", aside, path]);
    t.teardown(() => run("umount", ["-l", path]));
    t.is((await storage.get("v"))?.state, "ready");
  },
);

test.serial("nothing is adopted: a volume's place must be empty", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await mkdir(join(path, "apps/x/v"), { recursive: true });
  await mkdir(join(path, "apps/x/empty"), { recursive: true });
  await writeFile(join(path, "apps/x/v/file"), "");
  await t.throwsAsync(create(storage, "v", { app: "x" }), {
    code: "conflict",
    message: /"apps\/x\/v" on .+ holds files that belong to no volume/,
  });
  t.is(await storage.get("v"), null);
  t.is((await create(storage, "empty", { app: "x" })).state, "ready");
});
