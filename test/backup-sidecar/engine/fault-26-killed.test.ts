import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";
import { runApp } from "../../../backup-sidecar/engine/run.ts";
import { until } from "../../plugin/until.ts";
import { AppUnderTest, worldOf } from "./app-under-test.ts";
import { killAtRandom } from "./killing.ts";
import { locksOn } from "./plain-restic.ts";

test("fault 26: kill -9 of the service with its bridge, or of restic, at random moments: nothing half-written, the next run succeeds", async (t) => {
  t.timeout(600_000);
  await killAtRandom(t, 5);
});

test("fault 26: what a killed backup had sent is not sent again", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const big = 120_000_000;
  await writeFile(path.join(app.place.folder("blog", "blog_data"), "big2"), randomBytes(big));
  const stop = new AbortController();
  const before = (await packs(app)).length;
  const running = app.run(stop.signal);
  await until("some of it was sent", async () => (await packs(app)).length > before + 2, 60_000);
  stop.abort();
  t.is((await running).outcome, "interrupted");
  t.deepEqual(await locksOn(app.place), []);
  const report = await app.run();
  t.is(report.outcome, "ok");
  const sent = report.volumes[0]?.bytesAdded ?? Infinity;
  t.true(sent < big - 30_000_000, `${sent} bytes were sent again`);
});

test("fault 26: asked to end, as in an update of the service, a run ends in time and says that it was interrupted", async (t) => {
  const app = await AppUnderTest.begin(t);
  await writeFile(
    path.join(app.place.folder("blog", "blog_data"), "big2"),
    randomBytes(60_000_000),
  );
  const stop = new AbortController();
  const running = app.run(stop.signal);
  await until("it works", async () => (await packs(app).catch(() => [])).length > 0, 60_000);
  const began = performance.now();
  stop.abort();
  const report = await running;
  t.is(report.outcome, "interrupted");
  t.true(performance.now() - began < 25_000);
  t.deepEqual(report.notes.slice(0, 1), ["it was interrupted"]);
});

test("fault 27: a restic that is killed for its memory is said to be", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const { place } = app.service.world.restic;
  const script = path.join(app.place.top, "short-of-memory");
  const text = `#!/bin/sh\ncase "$*" in *" backup "*) kill -9 $$;; esac\nexec ${place.program} "$@"\n`;
  await writeFile(script, text, { mode: 0o755 });
  const other = await app.place.service("two", {
    restic: new Restic({ ...place, program: script }),
  });
  await (await app.held()).release();
  const report = await runApp(worldOf(app.place, other), {
    app: "blog",
    sources: app.volumes.map((volume) => app.place.view(volume)),
    held: await other.hold(),
  });
  t.is(report.outcome, "failed");
  t.regex(report.notes.join(), /short of memory/);
  t.is(report.volumes.length, 0);
});

async function packs(app: AppUnderTest): Promise<string[]> {
  const folder = app.place.onServer("repositories/blog/data");
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => /[0-9a-f]{64}$/.test(name));
}
