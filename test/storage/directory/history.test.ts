import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { create, directoryOf, node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const dayMs = 86_400_000;
const long = "2020-01-01T00:00:00Z";

test("whoever keeps house writes down once a day what there is", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v");
  await writeFile(join(await directoryOf(storage, "v"), "file"), "x".repeat(100_000));
  await storage.housekeep(node1);
  const [file = "", ...others] = await readdir(join(path, ".swarmnfs/history"));
  t.deepEqual(others, []);
  const place = join(path, ".swarmnfs/history", file);
  const text = await readFile(place, "utf8");
  const day = JSON.parse(text) as { total: number; free: number; volumes: object };
  t.true(day.total > day.free && day.free > 0);
  t.like(day.volumes, { v: { 1: 2 } });
  t.is(file, `${new Date().toISOString().slice(0, 10)}.json`);
  await create(storage, "w");
  await storage.housekeep(node1);
  t.is(await readFile(place, "utf8"), text, "it is never written again");
  const { days, volumes } = await storage.review(long);
  t.is(days.length, 1);
  t.true((volumes["v"]?.[0] ?? 0) >= 100_000);
  t.false("w" in volumes);
});

test("the history of a volume is its own, not that of an earlier one of its name", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  await create(storage, "v");
  await create(storage, "w");
  const folder = join(path, ".swarmnfs/history");
  await mkdir(folder, { recursive: true });
  const day = (at: string, volumes: object): Promise<void> =>
    writeFile(
      join(folder, `${at}.json`),
      JSON.stringify({ schema: 1, at: `${at}T01:00:00Z`, total: 1000, free: 500, volumes }),
    );
  await day("2026-01-01", { v: [10, 1], gone: [5, 1] });
  const tomorrow = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
  await day(tomorrow, { v: [20, null], w: [1, 0] });
  const { days, volumes } = await storage.review("2025-12-01T00:00:00Z");
  t.is(days.length, 2);
  t.deepEqual(volumes, { v: [null, 20], w: [null, 1] });
  const { days: fewer } = await storage.review("2026-01-02T00:00:00Z");
  t.deepEqual(
    fewer.map(({ at }) => at),
    [`${tomorrow}T01:00:00Z`],
  );
});

test("a day that cannot be read is left out, and left alone", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const folder = join(path, ".swarmnfs/history");
  await writeFile(join(folder, "2026-01-01.json"), "half of it");
  await writeFile(join(folder, "2026-01-12.json"), `{"schema": 2}`);
  await writeFile(join(folder, "notes.txt"), "somebody's");
  t.deepEqual((await storage.review(long)).days, []);
  await storage.housekeep(node1);
  t.is((await readdir(folder)).length, 4);
  t.is((await storage.review(long)).days.length, 1);
});

test("what the backup service says of itself is told with it", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  t.is((await storage.review(long)).backup, null);
  await mkdir(join(path, ".swarmnfs/backup"));
  const file = join(path, ".swarmnfs/backup/status.json");
  const at = "2026-03-01T06:00:00Z";
  const volume = { app: "blog", snapshots: [at, at], lastGood: at };
  const status = { schema: 1, node: "node1", version: "1", seenAt: at, volumes: { v: volume } };
  await writeFile(file, JSON.stringify({ ...status, drills: { blog: { at, ok: true, more: 1 } } }));
  const { backup } = await storage.review(long);
  t.like(backup, {
    node: "node1",
    volumes: { v: { app: "blog", versions: 2, lastGood: at, suspect: null } },
    drills: { blog: { at, ok: true } },
  });
  t.true(Date.now() - Date.parse(backup?.seenAt ?? "") < 60_000, "its age is the file's");
  await writeFile(file, JSON.stringify(status));
  t.deepEqual((await storage.review(long)).backup?.drills, {}, "a service that tells no drills");
  await writeFile(file, "half");
  t.is((await storage.review(long)).backup, null);
});

test("of two who write the same day one is the first, and a crash in between leaves nothing half", async (t) => {
  const path = await temporaryDirectory(t);
  let stops = true;
  const storage = directoryStorage(path, {
    checkpoint: async (name) => {
      if (stops && name === "history:written") throw new Error("killed");
    },
  });
  await storage.open(null);
  await t.throwsAsync(storage.housekeep(node1), { message: "killed" });
  t.deepEqual(await readdir(join(path, ".swarmnfs/history")), []);
  stops = false;
  await storage.housekeep(node1);
  t.is((await readdir(join(path, ".swarmnfs/history"))).length, 1);
});
