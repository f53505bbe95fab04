import { readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { type Hooks, noHooks } from "../../../service/hooks/hooks.ts";
import { AppUnderTest } from "./app-under-test.ts";
import { BackedUp } from "./backed-up.ts";

test("an app is backed up end to end through the bridge to a real WebDAV server", async (t) => {
  const app = await AppUnderTest.begin(t, await BackedUp.withApache(t));
  const first = await app.run();
  t.log(`first: ${first.outcome}`, ...first.volumes.map(({ reason }) => reason ?? "saved"));
  t.like(first, {
    outcome: "ok",
    notes: [],
    timeTrusted: true,
    check: { ok: true, errors: [] },
    retention: { forgotten: [], withheld: [] },
  });
  t.like(first.volumes, [{ volume: "blog_data", outcome: "complete", files: 3, bytes: 3_090_000 }]);
  await writeFile(path.join(app.place.folder("blog", "blog_data"), "posts/three"), "new");
  const second = await app.run();
  t.is(second.outcome, "ok", JSON.stringify(second));
  t.is(second.repository, first.repository);
  t.is(second.volumes[0]?.files, 4);
  t.true((second.volumes[0]?.bytesAdded ?? Infinity) < 10_000);
  t.deepEqual(await readdir(app.place.onServer("repositories/blog/locks")), []);
});

test("a volume that was emptied is suspect, and is not saved as it is", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  await rm(app.place.folder("blog", "blog_data"), { recursive: true });
  await app.place.volume("blog", "blog_data", []);
  const report = await app.run();
  t.is(report.outcome, "suspect");
  t.regex(report.volumes[0]?.reason ?? "", /empty, and held 3 files/);
  t.deepEqual(Object.keys((await app.world.states.suspect("blog")).volumes), ["blog_data"]);
});

test("a volume that was always empty is skipped, and that is no failure", async (t) => {
  const app = await AppUnderTest.begin(t);
  app.volumes.push(await app.place.volume("blog", "blog_logs", []));
  const report = await app.run();
  t.is(report.outcome, "ok");
  t.deepEqual(
    report.volumes.map(({ volume, outcome }) => [volume, outcome]),
    [
      ["blog_data", "complete"],
      ["blog_logs", "skipped"],
    ],
  );
});

test("an app whose containers did not do what their labels ask is not said to be well saved", async (t) => {
  const trouble = 'the command "pg_dump" in container "db" ended with 1: no space left';
  const hooks: Hooks = {
    ...noHooks,
    pre: async () => ({ consistent: false, notes: [trouble] }),
  };
  const app = await AppUnderTest.begin(t, undefined, { hooks });
  const report = await app.run();
  t.like(report, { outcome: "partial", notes: [trouble] });
  t.like(report.volumes, [{ outcome: "complete" }]);
});
