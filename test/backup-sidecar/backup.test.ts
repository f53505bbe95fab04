import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { text } from "node:stream/consumers";
import test from "ava";
import { execa } from "execa";
import { openStoragePlace } from "../../backup-sidecar/operations/storage-place.ts";
import type { Problem } from "../../service/notifier/incident.ts";
import { backupStatusSchema } from "../../storage/records/backup-status.ts";
import { resticOfTheImage } from "./restic.ts";
import { listening, log, Place, until } from "./service-place.ts";

test("every app is backed up, shown, listed, compared and restored to a moment", async (t) => {
  const place = await Place.make(t);
  const { commands, traffic } = await place.service();
  const first = await commands.run({ apps: [] }, listening<"run">().talk);
  t.deepEqual(
    first.reports.map(({ app, outcome }) => [app, outcome]),
    [
      ["blog", "ok"],
      ["shop", "ok"],
    ],
  );
  const sent = traffic.counts.requests.find(
    ({ method, result }) => method === "PUT" && result === "ok",
  );
  // Each app's config, key, locks, a pack of files and one of trees, index, snapshot.
  t.true((sent?.count ?? 0) >= 2 * 7, JSON.stringify(traffic.counts));
  await writeFile(place.file("blog", "blog_data", "hello"), "changed");
  await commands.run({ apps: ["blog"] }, listening<"run">().talk);

  const view = await commands.status({}, listening<"status">().talk);
  t.is(view.trouble, null);
  t.like(view.apps, [
    { app: "blog", state: "ok", snapshots: 2 },
    { app: "shop", state: "ok", snapshots: 1 },
  ]);

  const { snapshots } = await commands.snapshots({ app: "blog" }, listening<"snapshots">().talk);
  const [before, after] = snapshots.map(({ id }) => id);
  if (before === undefined || after === undefined) return t.fail();
  const diff = listening<"diff">();
  await commands.diff({ before, after: after.slice(0, 8) }, diff.talk);
  t.deepEqual(diff.items, [{ path: "/hello", kind: "M" }]);
  const { signal } = listening<"ls">().talk;
  t.is(await text(await commands.dump({ snapshot: before, path: "/hello" }, signal)), "hello");

  const restore = { source: "blog_data", paths: [], inPlace: false, force: false };
  const latest = { ...restore, at: null, to: "blog_now" };
  t.deepEqual((await commands.restore(latest, listening<"restore">().talk)).differences, []);
  t.is(await readFile(place.file("blog", "blog_now", "hello"), "utf8"), "changed");
  const then = { ...restore, at: snapshots[0]?.time ?? null, to: "blog_then" };
  await commands.restore(then, listening<"restore">().talk);
  t.is(await readFile(place.file("blog", "blog_then", "hello"), "utf8"), "hello");
});

test("what is there is checked and read back, and keys can be added and removed", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  await commands.run({ apps: [] }, listening<"run">().talk);
  const share = async (percent: number): Promise<number | null> => {
    const request = { apps: ["blog"], read: percent };
    const { reports } = await commands.verify(request, listening<"verify">().talk);
    t.true(reports.every(({ ok }) => ok));
    const { apps } = await commands.status({}, listening<"status">().talk);
    return apps[0]?.verified?.share ?? null;
  };
  t.is(await share(10), 0.1);
  t.is(await share(4), 5 / 30, "what was not read back for longest comes first");
  t.is(await share(100), 1);

  const passwordFile = path.join(place.top, "recovery");
  await writeFile(passwordFile, "for the safe");
  const { key } = await commands.keyAdd({ app: "blog", passwordFile }, listening<"keyAdd">().talk);
  const list = async (): Promise<string[]> =>
    (await commands.keyList({ app: "blog" }, listening<"keyList">().talk)).keys.map(({ id }) => id);
  t.is((await list()).length, 2);
  const own = (await list()).find((id) => id !== key) ?? "";
  await t.throwsAsync(
    commands.keyRemove({ app: "blog", key: own }, listening<"keyRemove">().talk),
    { message: /is the password that this service uses/ },
  );
  await commands.keyRemove({ app: "blog", key: key.slice(0, 10) }, listening<"keyRemove">().talk);
  t.deepEqual(await list(), [own]);
});

test("old versions and unneeded data go only by the rule, and a dry run changes nothing", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  const forget = await commands.forget(
    { apps: ["blog"], dryRun: true },
    listening<"forget">().talk,
  );
  t.deepEqual(forget.reports, [{ app: "blog", forgotten: [], withheld: [] }]);
  const prune = await commands.prune({ apps: ["blog"], dryRun: false }, listening<"prune">().talk);
  t.like(prune.reports, [{ app: "blog", files: 0, withheld: null }]);
});

test("after data was removed the repository is looked through", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  const run = async () => commands.run({ apps: ["blog"] }, listening<"run">().talk);
  await run();
  await writeFile(place.file("blog", "blog_data", "passing"), randomBytes(1_000_000));
  const { reports } = await run();
  const passing = reports[0]?.volumes[0]?.snapshot ?? "";
  await rm(place.file("blog", "blog_data", "passing"));
  await run();
  const { all } = await execa(await resticOfTheImage(), ["forget", passing], {
    all: true,
    env: {
      RESTIC_REPOSITORY: path.join(place.server.files, "store1/repositories/blog"),
      RESTIC_PASSWORD_FILE: path.join(place.top, "password"),
      RESTIC_CACHE_DIR: path.join(place.top, "elsewhere"),
    },
  });
  const lookedAt = async () => {
    const { apps } = await commands.status({}, listening<"status">().talk);
    return apps[0]?.verification ?? null;
  };
  t.is(await lookedAt(), null);
  const prune = { apps: ["blog"], dryRun: false };
  const pruned = await commands.prune(prune, listening<"prune">().talk);
  t.like(pruned.reports, [{ app: "blog", withheld: null, errors: [] }]);
  t.true((pruned.reports[0]?.bytes ?? 0) > 900_000, all);
  t.true((await lookedAt())?.ok);
});

test("an emptied volume is suspect until somebody confirms, and people are told", async (t) => {
  const place = await Place.make(t);
  const { commands, overview } = await place.service();
  await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  await rm(place.file("blog", "blog_data", "hello"));
  const { reports } = await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  t.like(reports, [{ outcome: "suspect" }]);
  const view = await overview.view();
  t.is(view.apps.find(({ app }) => app === "blog")?.state, "suspect");
  t.like(overview.problemsIn(view), [{ key: "suspect blog" }]);
  const confirmed = await commands.confirm({ app: "blog" }, listening<"confirm">().talk);
  t.deepEqual(confirmed, { confirmed: ["blog_data"] });
  const after = await overview.view();
  t.like(after.apps, [{ app: "blog", state: "confirmed", reason: "it waits for its next run" }]);
  t.deepEqual(overview.problemsIn(after), []);
  const again = await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  t.like(again.reports, [{ outcome: "ok", volumes: [{ outcome: "skipped" }] }]);
  t.like((await overview.view()).apps, [{ app: "blog", state: "ok" }]);
});

test("a version of a volume that lost most of its files is marked everywhere, and is not the latest until somebody confirms", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  const names = Array.from({ length: 20 }, (_, index) => `file${index}`);
  for (const name of names) await writeFile(place.file("blog", "blog_data", name), name);
  await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  for (const name of names) await rm(place.file("blog", "blog_data", name));
  const { reports } = await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  t.like(reports, [{ outcome: "suspect", volumes: [{ reason: "95 % of its files are gone" }] }]);

  const marks = async (): Promise<(readonly string[])[]> =>
    (await commands.snapshots({ app: "blog" }, listening<"snapshots">().talk)).snapshots.map(
      (each) => each.marks,
    );
  t.deepEqual(await marks(), [[], ["suspect"]]);
  const metadata = await readFile(
    path.join(place.server.files, "store1/backup_historys/blog/metadata.json"),
    "utf8",
  );
  t.is(metadata.split('"suspect"').length, 2);
  const restore = { source: "blog", at: null, paths: [], inPlace: false, force: false };
  const restored = await commands.restore(
    { ...restore, to: "before" },
    listening<"restore">().talk,
  );
  t.is(restored.files, 21);

  await commands.confirm({ app: "blog" }, listening<"confirm">().talk);
  t.deepEqual(await marks(), [[], []]);
  const now = await commands.restore({ ...restore, to: "now" }, listening<"restore">().talk);
  t.is(now.files, 1);
});

test("a run that is going on is joined, not begun twice; hanging up ends it, and the next is ok", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  const [one, two] = await Promise.all([
    commands.run({ apps: ["shop"] }, listening<"run">().talk),
    commands.run({ apps: ["shop"] }, listening<"run">().talk),
  ]);
  t.deepEqual(one, two);
  const leaving = new AbortController();
  const { talk } = listening<"run">(leaving.signal);
  const work = commands.run({ apps: ["blog"] }, { ...talk, progress: () => leaving.abort() });
  await t.throwsAsync(work);
  const { reports } = await commands.run({ apps: ["blog"] }, listening<"run">().talk);
  t.like(reports, [{ outcome: "ok" }]);
});

test("of two services one writes; the other says who, reads, and takes over when the first has ended", async (t) => {
  const place = await Place.make(t);
  const first = await place.service("node1");
  await first.commands.run({ apps: [] }, listening<"run">().talk);
  const second = await place.service("node2");
  await t.throwsAsync(second.commands.run({ apps: [] }, listening<"run">().talk), {
    message: /node node1 is in charge/,
  });
  const { snapshots } = await second.commands.snapshots(
    { app: "shop" },
    listening<"snapshots">().talk,
  );
  t.is(snapshots.length, 1);
  await first.stop();
  const { reports } = await second.commands.run({ apps: [] }, listening<"run">().talk);
  t.true(reports.every(({ outcome }) => outcome === "ok"));
});

test("by itself: what is due is backed up, and everybody on the storage is told", async (t) => {
  const place = await Place.make(t);
  const told: Problem[][] = [];
  const service = await place.service("node1", told);
  const { commands } = service;
  service.begin();
  const status = path.join(place.storage, ".swarmnfs/backup/status.json");
  await until(t, async () => {
    const { apps } = await commands.status({}, listening<"status">().talk);
    return apps.length === 2 && apps.every(({ state }) => state === "ok");
  });
  await service.stop();
  const { volumes } = backupStatusSchema.parse(JSON.parse(await readFile(status, "utf8")));
  t.deepEqual(Object.keys(volumes), ["blog_data", "shop_data"]);
  t.true(told.every((problems) => problems.length === 0));
});

test("an unknown app is told apart from one without a backup, with the nearest name", async (t) => {
  const place = await Place.make(t);
  const { commands } = await place.service();
  await t.throwsAsync(commands.run({ apps: ["blgo"] }, listening<"run">().talk), {
    message: /there is no app "blgo" with a backup: did you mean "blog"\?/,
  });
  t.deepEqual(await commands.snapshots({ app: null }, listening<"snapshots">().talk), {
    snapshots: [],
  });
});

test("an empty directory is no storage, and stays as it is", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-empty-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await t.throwsAsync(openStoragePlace(`dir://${folder}`, folder, log), {
    message: /there is no storage at .*Is it mounted into the container/,
  });
  t.deepEqual(await readdir(folder), []);
});
