import { copyFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { AppUnderTest } from "./app-under-test.ts";

test("fault 19: missing and truncated indexes are made anew, and nothing is read from the volumes for it", async (t) => {
  const app = await AppUnderTest.begin(t);
  await app.run();
  await writeFile(path.join(app.place.folder("blog", "blog_data"), "later"), "later");
  await app.run();
  const folder = app.place.onServer("repositories/blog/index");
  const [first, second] = await readdir(folder);
  await rm(path.join(folder, first ?? ""));
  await truncate(path.join(folder, second ?? ""), 20);
  const report = await app.verify();
  t.true(report.ok, JSON.stringify(report));
  const repository = await app.service.repositories.open("blog");
  t.is((await repository.snapshots()).length, 2);
  t.true((await repository.check({ read: "all" })).ok);
});

test("fault 19: an index that is there twice does no harm", async (t) => {
  const app = await AppUnderTest.begin(t);
  await app.run();
  const folder = app.place.onServer("repositories/blog/index");
  const [index] = await readdir(folder);
  const kept = path.join(app.place.top, "index");
  await copyFile(path.join(folder, index ?? ""), kept);
  await writeFile(path.join(app.place.folder("blog", "blog_data"), "later"), "later");
  await app.run();
  const repository = await app.service.repositories.open("blog");
  await repository.repairIndex();
  await copyFile(kept, path.join(folder, index ?? ""));
  t.true((await app.verify()).ok);
  t.false((await repository.check()).indexDamaged);
});

test("fault 19: a truncated version's file comes back from the cache", async (t) => {
  const app = await AppUnderTest.begin(t);
  const snapshot = (await app.run()).volumes[0]?.snapshot ?? "";
  await truncate(app.place.onServer(`repositories/blog/snapshots/${snapshot}`), 40);
  const report = await app.verify();
  t.true(report.ok, JSON.stringify(report));
  t.is(report.loss, null);
  const repository = await app.service.repositories.open("blog");
  t.deepEqual(
    (await repository.snapshots()).map(({ id }) => id),
    [snapshot],
  );
});

test("fault 19: a truncated version's file that nobody has a copy of is reported as lost, and the others stay", async (t) => {
  const app = await AppUnderTest.begin(t);
  const first = (await app.run()).volumes[0]?.snapshot ?? "";
  const second = (await app.run()).volumes[0]?.snapshot ?? "";
  await truncate(app.place.onServer(`repositories/blog/snapshots/${first}`), 40);
  await rm(app.service.world.restic.place.cache, { recursive: true });
  const report = await app.verify();
  t.deepEqual(report.loss?.lost, [{ snapshot: first, path: "/" }]);
  const repository = await app.service.repositories.open("blog");
  t.deepEqual(
    (await repository.snapshots()).map(({ id }) => id),
    [second],
  );
  t.is((await app.run()).outcome, "ok");
});

test("fault 19: a damaged version's file keeps no new version from being made", async (t) => {
  const app = await AppUnderTest.begin(t);
  const first = (await app.run()).volumes[0]?.snapshot ?? "";
  await app.run();
  await truncate(app.place.onServer(`repositories/blog/snapshots/${first}`), 40);
  await rm(app.service.world.restic.place.cache, { recursive: true });
  const report = await app.run();
  t.is(report.volumes[0]?.outcome, "complete", JSON.stringify(report));
  t.regex(report.notes.join(), /1 versions cannot be read any more/);
  t.is((await app.run()).outcome, "ok");
});

test("fault 19: an empty lock file keeps nobody from anything, and goes", async (t) => {
  const app = await AppUnderTest.begin(t);
  await app.run();
  await writeFile(app.place.onServer(`repositories/blog/locks/${"ab".repeat(32)}`), "");
  t.is((await app.run()).outcome, "ok");
  t.deepEqual(await readdir(app.place.onServer("repositories/blog/locks")), []);
});

test("fault 25: a config and a key that are damaged are put back by a verification, from our copies", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const [key] = await readdir(app.place.onServer("repositories/blog/keys"));
  await writeFile(app.place.onServer("repositories/blog/config"), "not a config");
  await truncate(app.place.onServer(`repositories/blog/keys/${key}`), 10);
  const report = await app.run();
  t.is(report.outcome, "failed");
  t.regex(report.notes.join(), /It can be put back: swarmnfs backup verify/);
  const verified = await app.verify();
  t.true(verified.ok, JSON.stringify(verified));
  t.deepEqual(verified.notes, ["config and keys of the repository were put back from our copy"]);
  t.is((await app.run()).outcome, "ok");
});
