import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { boundCache } from "../../../backup-sidecar/engine/cache-bound.ts";

test("the cache stays below its bound; what was used longest ago goes first, versions' own files stay", async (t) => {
  const cache = await mkdtemp(path.join(tmpdir(), "swarmnfs-cache-"));
  t.teardown(() => rm(cache, { recursive: true }));
  const [old, young] = ["ab".repeat(32), "cd".repeat(32)];
  for (const [name, day] of [
    [old, 1],
    [young, 2],
  ] as const) {
    for (const part of ["data/00", "index", "snapshots"]) {
      await mkdir(path.join(cache, name, part), { recursive: true });
      await writeFile(path.join(cache, name, part, "file"), "x".repeat(1000));
    }
    const when = new Date(`2026-03-0${day}T00:00:00Z`);
    await utimes(path.join(cache, name), when, when);
  }
  await boundCache(cache, 6000);
  t.deepEqual(await readdir(path.join(cache, old)), ["data", "index", "snapshots"]);
  await boundCache(cache, 4000);
  t.deepEqual(await readdir(path.join(cache, old)), ["snapshots"]);
  t.deepEqual(await readdir(path.join(cache, young)), ["data", "index", "snapshots"]);
});
