import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { ResticFailure } from "../../../backup-sidecar/engine/restic-failure.ts";
import { until } from "../../plugin/until.ts";
import { AppUnderTest } from "./app-under-test.ts";
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

test("fault 27: a restic that is killed for its memory is said to be, and the next run makes it good", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const { restic } = app.service.world;
  const run = restic.run.bind(restic);
  restic.run = async (call) => {
    if (call.args[0] === "backup")
      throw new ResticFailure(
        "killed",
        "restic backup was killed by SIGKILL: the machine or the container may be short of memory",
        null,
        [],
      );
    return run(call);
  };
  const report = await app.run();
  t.is(report.outcome, "failed");
  t.regex(report.notes.join(), /short of memory/);
  restic.run = run;
  t.is((await app.run()).outcome, "ok");
});

async function packs(app: AppUnderTest): Promise<string[]> {
  const folder = app.place.onServer("repositories/blog/data");
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => /[0-9a-f]{64}$/.test(name));
}
