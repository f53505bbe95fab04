import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { create, directoryOf, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const dayMs = 86_400_000;
const run = promisify(execFile);

/** A storage on which the time is what the test says: nothing is written on it, so that it keeps believing it. */
async function later(t: ExecutionContext, path: string, days: number): Promise<DirectoryStorage> {
  const storage = directoryStorage(path, { clock: { now: () => Date.now() + days * dayMs } });
  await storage.open(null);
  t.teardown(() => storage.close());
  return storage;
}

async function start(t: ExecutionContext): Promise<{ path: string; storage: DirectoryStorage }> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  return { path, storage };
}

/** Makes an entry's time come, by its record. */
async function expire(path: string, id: string): Promise<void> {
  const file = join(path, ".swarmnfs/trash", id, "record.json");
  const record = await readFile(file, "utf8");
  await writeFile(
    file,
    record.replaceAll(/"purgeAt": "[^"]+"/g, `"purgeAt": "2026-01-01T00:00:00Z"`),
  );
}

test("what is past its time is destroyed, what is not stays", async (t) => {
  const { path, storage } = await start(t);
  for (const name of ["old", "young"]) {
    await create(storage, name);
    await storage.remove(name, node1);
  }
  const old = (await storage.trash()).find(({ record }) => record.volume.name === "old")?.id ?? "";
  await expire(path, old);
  const report = await storage.housekeep(node1);
  t.deepEqual(report, { held: true, purged: [old], sweptStaging: [] });
  t.deepEqual(
    (await storage.trash()).map(({ record }) => record.volume.name),
    ["young"],
  );
});

test("what a node with a wrong clock removed stays as long as anything else", async (t) => {
  const { path, storage } = await start(t);
  for (const name of ["v", "w"]) await create(storage, name, { "on-remove": "delete" });
  for (const [name, days] of [
    ["v", -60],
    ["w", -2],
  ] as const)
    await (await later(t, path, days)).remove(name, node2);
  t.deepEqual((await storage.housekeep(node1)).purged, []);
  t.is((await storage.trash()).length, 2);
  const dayAgo = new Date(Date.now() - dayMs - 60_000);
  for (const { id } of await storage.trash())
    await utimes(join(path, ".swarmnfs/trash", id, "record.json"), dayAgo, dayAgo);
  t.is((await storage.housekeep(node1)).purged.length, 2);
});

test("what a node that was silent still has mounted is not destroyed", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  const since = "2026-03-01T09:00:00Z";
  await storage.remove("v", node1);
  // It comes back, and knows nothing of the removal.
  await storage.renew([{ volume: "v", since, consumers: ["service s"] }], node2);
  const [entry] = await storage.trash();
  await expire(path, entry?.id ?? "");
  t.deepEqual((await storage.housekeep(node1)).purged, []);
  await storage.detach("v", node2);
  t.deepEqual((await storage.housekeep(node1)).purged, [entry?.id]);
});

test("what is held by a server's leases counts as used, without a sign of its own", async (t) => {
  const { path, storage } = await start(t);
  for (const name of ["v", "w"]) await create(storage, name);
  await storage.remove("w", node1);
  const [entry] = await storage.trash();
  await expire(path, entry?.id ?? "");
  t.deepEqual((await storage.housekeep(node1, ["v", "w"])).purged, []);
  const { lastUse, uses } = await storage.list();
  t.deepEqual([Object.keys(lastUse), uses], [["v"], {}]);
  t.deepEqual((await storage.housekeep(node1, ["v"])).purged, [entry?.id]);
});

test("a file that cannot be destroyed holds up nothing else", async (t) => {
  const { path, storage } = await start(t);
  for (const name of ["stuck", "v"]) await create(storage, name);
  const file = join(await directoryOf(storage, "stuck"), "file");
  await writeFile(file, "");
  const set = await run("chattr", ["+i", file]).catch(() => null);
  if (set === null) {
    t.pass("this file system knows no immutable files");
    return;
  }
  t.teardown(() => run("chattr", ["-R", "-i", path]));
  await storage.remove("stuck", node1);
  const [entry] = await storage.trash();
  await expire(path, entry?.id ?? "");
  t.deepEqual((await storage.housekeep(node1)).purged, []);
  await storage.housekeep(node1);
  t.deepEqual(Object.keys((await storage.list()).usage), ["v"]);
});

test("a node that keeps house keeps it; another takes over when it has been silent for twelve minutes", async (t) => {
  const { path, storage } = await start(t);
  t.true((await storage.housekeep(node1)).held);
  t.true((await storage.housekeep(node1)).held);
  t.false((await storage.housekeep(node2)).held);
  const lease = join(path, ".swarmnfs/housekeeper.json");
  const missedOne = new Date(Date.now() - 601_000);
  await utimes(lease, missedOne, missedOne);
  t.false((await storage.housekeep(node2)).held);
  const past = new Date(Date.now() - 721_000);
  await utimes(lease, past, past);
  const other = directoryStorage(path);
  await other.open(null);
  const held = await Promise.all([
    other.housekeep(node2),
    storage.housekeep({ ...node1, id: node1.id.replace(/1$/, "7") }),
  ]);
  t.is(held.filter((report) => report.held).length, 1);
  t.deepEqual(await readdir(join(path, ".swarmnfs/claims")), []);
});

test("half destroyed entries go at once, other staging after a day", async (t) => {
  const { path, storage } = await start(t);
  const tmp = join(path, ".swarmnfs/tmp");
  await mkdir(join(tmp, "purge-x/data/sub"), { recursive: true });
  await writeFile(join(tmp, "half-written"), "");
  t.deepEqual((await storage.housekeep(node1)).sweptStaging, ["purge-x"]);
  t.deepEqual(await readdir(tmp), ["half-written"]);
});

test("an interrupted removal is finished by whoever keeps house", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  const crashing = directoryStorage(path, {
    checkpoint: async (name) => {
      if (name === "removal:marked") throw new Error("crash");
    },
  });
  await crashing.open(null);
  await t.throwsAsync(crashing.remove("v", node1), { message: "crash" });
  t.deepEqual(await readdir(join(path, ".swarmnfs/volumes")), ["v.json"]);
  t.deepEqual((await storage.list()).volumes, []);
  await storage.housekeep(node1);
  t.deepEqual(await readdir(join(path, ".swarmnfs/volumes")), []);
  t.is((await storage.trash()).length, 1);
});

test("usage is counted in rounds, kept for all nodes, and forgotten with the volume", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  await create(storage, "all", { root: "true" });
  await writeFile(join(await directoryOf(storage, "v"), "file"), "hello");
  await storage.housekeep(node1);
  const { usage } = await storage.list();
  t.deepEqual(Object.keys(usage), ["v"]);
  t.is(usage["v"]?.files, 2);
  await writeFile(join(await directoryOf(storage, "v"), "more"), "hello");
  await storage.housekeep(node1);
  t.is((await storage.list()).usage["v"]?.files, 2, "an hour has not passed");
  await storage.remove("v", node1);
  await storage.housekeep(node1);
  t.deepEqual((await storage.list()).usage, {});
  await rm(join(path, ".swarmnfs/usage.json"));
  t.deepEqual((await storage.list()).usage, {});
});

test("when a volume was last used is remembered after its last mount went", async (t) => {
  const { storage } = await start(t);
  await create(storage, "v");
  await create(storage, "never");
  await storage.housekeep(node1);
  t.deepEqual((await storage.list()).lastUse, {});
  await storage.attach("v", node2, ["service s"]);
  await storage.housekeep(node1);
  await storage.detach("v", node2);
  const { lastUse } = await storage.list();
  t.deepEqual(Object.keys(lastUse), ["v"]);
  t.true(Date.now() - Date.parse(lastUse["v"] ?? "") < 60_000);
  await storage.remove("v", node1);
  await create(storage, "w");
  await storage.attach("w", node2, []);
  await storage.housekeep(node1);
  t.deepEqual(Object.keys((await storage.list()).lastUse), ["w"]);
});

test("a sign of use lapses after 90 s, by the storage's clock and not by the nodes'", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  await storage.attach("v", node2, ["service s"]);
  const aheadByADay = await later(t, path, 1);
  await t.throwsAsync(aheadByADay.remove("v", node1), { code: "in-use" });
  const sign = join(path, ".swarmnfs/use/v", node2.id);
  const past = new Date(Date.now() - 91_000);
  await utimes(sign, past, past);
  t.deepEqual((await storage.list()).uses, {});
  t.is((await storage.remove("v", node1)).kind, "trashed");
});

test("signs of use that are older than a day go, also those of volumes that are no more", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  const since = "2026-03-01T09:00:00Z";
  const signs = ["v", "gone", "silent"].map((volume) => ({ volume, since, consumers: [] }));
  await storage.renew(signs, node1);
  await storage.renew(signs.slice(0, 1), node2);
  const uses = join(path, ".swarmnfs/use");
  for (const [volume, seconds] of [
    ["v", 86_460],
    ["gone", 86_460],
    ["silent", 3600],
  ] as const) {
    const past = new Date(Date.now() - seconds * 1000);
    await utimes(join(uses, volume, node1.id), past, past);
  }
  await storage.housekeep(node1);
  t.deepEqual((await readdir(uses)).toSorted(), ["silent", "v"]);
  t.deepEqual(await readdir(join(uses, "v")), [node2.id]);
  t.deepEqual(await readdir(join(uses, "silent")), [node1.id]);
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});

test("a sign that cannot be read is somebody's, until it lapses", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "v");
  await storage.attach("v", node2, []);
  const sign = join(path, ".swarmnfs/use/v", node2.id);
  await writeFile(sign, "{");
  await t.throwsAsync(storage.remove("v", node1), {
    code: "in-use",
    message: /an unreadable sign of use/,
  });
  const past = new Date(Date.now() - 91_000);
  await utimes(sign, past, past);
  t.is((await storage.remove("v", node1)).kind, "trashed");
});

test("apps of volumes that are gone for good, and that say nothing by themselves, are forgotten after a day", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "anonymous");
  await create(storage, "ruled", { hosts: "node1" });
  await create(storage, "named", { app: "shop" });
  await create(storage, "trashed");
  await create(storage, "living");
  for (const name of ["anonymous", "ruled", "named", "trashed"]) await storage.remove(name, node1);
  await storage.purge(
    (await storage.trash())
      .filter(({ record }) => record.volume.name !== "trashed")
      .map(({ id }) => id),
    node1,
  );
  await storage.housekeep(node1);
  t.is((await storage.list()).apps.length, 5);
  for (const app of ["anonymous", "ruled", "shop", "trashed", "living"]) {
    const file = join(path, ".swarmnfs/apps", `${app}.json`);
    const record = await readFile(file, "utf8");
    await writeFile(
      file,
      record.replaceAll(/"createdAt": "[^"]+"/g, `"createdAt": "2026-01-01T00:00:00Z"`),
    );
  }
  const fresh = directoryStorage(path);
  await fresh.open(null);
  await fresh.housekeep(node1);
  t.deepEqual((await fresh.list()).apps.map(({ app }) => app).toSorted(), [
    "living",
    "ruled",
    "shop",
    "trashed",
  ]);
});
