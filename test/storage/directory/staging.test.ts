import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { create, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const hourMs = 3_600_000;
const other = "01953f5e-0000-7000-8000-0000000000ff";

/** A storage whose clock is so many hours ahead of what lies there, and what tells one moment from another on it. */
async function later(
  t: ExecutionContext,
  path: string,
  hours: number,
): Promise<{ storage: DirectoryStorage; ago: (hours: number) => string }> {
  const now = Date.now() + hours * hourMs;
  const storage = directoryStorage(path, { clock: { now: () => now } });
  await storage.open(null);
  t.teardown(() => storage.close());
  return { storage, ago: (back) => new Date(now - back * hourMs).toISOString() };
}

/** A directory that a copy left. */
async function leave(path: string, name: string): Promise<void> {
  const folder = join(path, ".swarmnfs/tmp", name);
  await mkdir(join(folder, "deep"), { recursive: true });
  await writeFile(join(folder, "deep", "file"), "x".repeat(10_000));
  await symlink("/etc", join(folder, "out"));
}

test("what was given up is shown with its size, and goes for good; what is young stays", async (t) => {
  const path = await temporaryDirectory(t);
  const { storage: today } = await later(t, path, 0);
  await leave(path, `fill-${other}-run`);
  await writeFile(join(path, ".swarmnfs/tmp/left"), "x");
  const before = new Date(Date.now() + 100 * hourMs).toISOString();
  t.deepEqual(await today.staging(before), [], "never within an hour");
  const { storage, ago } = await later(t, path, 3);
  t.deepEqual(await storage.staging(ago(4)), []);
  const found = await storage.staging(ago(2));
  t.deepEqual(found.map(({ name }) => name).toSorted(), [`fill-${other}-run`, "left"]);
  const copy = found.find(({ name }) => name !== "left");
  t.is(copy?.files, 4);
  t.true((copy?.bytes ?? 0) >= 10_000);
  for (const { name } of found) await storage.dropStaging(name, ago(2));
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
  t.true((await readdir("/etc")).length > 0);
  await t.throwsAsync(storage.dropStaging("left", ago(2)), { code: "not-found" });
  await t.throwsAsync(storage.dropStaging("../volumes", ago(2)), { code: "not-found" });
});

test("what a volume is being filled with stays, until it is not any more", async (t) => {
  const path = await temporaryDirectory(t);
  const { storage: today } = await later(t, path, 0);
  const { id } = await create(today, "v");
  const file = join(path, ".swarmnfs/volumes/v.json");
  const ready = JSON.parse(await readFile(file, "utf8")) as { revision: number };
  const name = `fill-${id}-run`;
  await leave(path, name);
  const fill = {
    from: "w",
    at: null,
    by: "node1",
    byId: node1.id,
    done: 0,
    total: null,
    seenAt: null,
  };
  await writeFile(file, JSON.stringify({ ...ready, state: "filling", fill, revision: 2 }));
  const { storage, ago } = await later(t, path, 30);
  t.deepEqual(await storage.staging(ago(2)), []);
  // Shown before, and in work by now.
  await t.throwsAsync(storage.dropStaging(name, ago(2)), { code: "not-found" });
  await writeFile(file, "{}");
  const { storage: blind } = await later(t, path, 30);
  t.deepEqual(await blind.staging(ago(2)), [], "whose it is cannot be told");
  await writeFile(file, JSON.stringify({ ...ready, revision: 3 }));
  const { storage: again } = await later(t, path, 30);
  t.is((await again.staging(ago(2)))[0]?.name, name);
});

test("what is interrupted while it is destroyed is ended by housekeeping", async (t) => {
  const path = await temporaryDirectory(t);
  await (await later(t, path, 0)).storage.housekeep(node1);
  await leave(path, `restore-${other}-run`);
  const now = Date.now() + 3 * hourMs;
  const storage = directoryStorage(path, {
    clock: { now: () => now },
    checkpoint: async (step) => {
      if (step === "staging:taken") throw new Error("killed");
    },
  });
  await storage.open(null);
  t.teardown(() => storage.close());
  const before = new Date(now - 2 * hourMs).toISOString();
  await t.throwsAsync(storage.dropStaging(`restore-${other}-run`, before), { message: /killed/ });
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), [`purge-restore-${other}-run`]);
  const { storage: next } = await later(t, path, 1);
  await next.housekeep(node1);
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});
