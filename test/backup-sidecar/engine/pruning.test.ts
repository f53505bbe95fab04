import { rmSync, truncateSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import path from "node:path";
import test from "ava";
import { TimeKeeper } from "../../../backup-sidecar/clock/trusted-time.ts";
import { pruneApp } from "../../../backup-sidecar/engine/pruning.ts";
import { runApp } from "../../../backup-sidecar/engine/run.ts";
import { parseKeep } from "../../../backup-sidecar/retention/keep.ts";
import { systemClock } from "../../../service/clock.ts";
import { AppUnderTest, worldOf } from "./app-under-test.ts";
import { BackedUp } from "./backed-up.ts";

const day = 86_400_000;

test("versions past their time go, then the data that only they needed, pack by pack, through the bridge's delete guard", async (t) => {
  t.timeout(300_000);
  const place = await BackedUp.withApache(t);
  const app = await AppUnderTest.begin(t, place);
  const held = await app.held();
  const passing = path.join(place.folder("blog", "blog_data"), "passing");
  const view = place.view(app.volumes[0] ?? (await place.volume("blog", "blog_data", [])));
  const repository = await app.service.repositories.open("blog", { lease: held });
  // Ten old versions; the data of the two oldest is nowhere else.
  for (let index = 0; index < 10; index += 1) {
    if (index < 2) await writeFile(passing, randomBytes(4_000_000));
    else await rm(passing, { force: true });
    const time = Date.now() - (400 - index) * day;
    await repository.backup(view, { host: "blog_data", tags: [], time });
  }
  const packs = await packsOf(place);
  const first = await app.run();
  t.is(first.retention?.forgotten.length, 1, JSON.stringify(first));
  t.regex(first.retention?.withheld.join() ?? "", /3 versions are past their time; 1 go now/);
  t.is((await app.run()).retention?.forgotten.length, 1);
  t.is((await repository.snapshots()).length, 10);
  const after = new Set(await packsOf(place));
  t.true(
    packs.every((pack) => after.has(pack)),
    "nothing but versions went",
  );

  const plan = (await pruneApp(app.world, { app: "blog", held }, true)).plan;
  t.true(plan.unused.length >= 2, JSON.stringify(plan));
  t.true(plan.bytes > 7_900_000);
  const { withheld } = await pruneApp(app.world, { app: "blog", held }, false);
  t.is(withheld, null);
  const left = new Set(await packsOf(place));
  t.deepEqual(
    plan.unused.filter((pack) => left.has(pack)),
    [],
  );
  t.true((await repository.check({ read: "all" })).ok);
});

test("nothing is deleted without leave, whoever asks", async (t) => {
  const place = await BackedUp.withApache(t);
  const app = await AppUnderTest.begin(t, place);
  const snapshot = (await app.run()).volumes[0]?.snapshot ?? "";
  const repository = await app.service.repositories.open("blog");
  const permit = {
    run: "x",
    kinds: ["snapshots"] as const,
    names: ["ab"],
    maxCount: 1,
    maxBytes: 1,
  };
  await t.throwsAsync(repository.forget([snapshot], permit), {
    message: /1 of 1 versions could not be forgotten/,
  });
  t.is((await repository.snapshots()).length, 1);
  const other = { ...permit, names: [snapshot], maxBytes: 100_000, inForce: () => false };
  await t.throwsAsync(repository.forget([snapshot], other));
  t.is((await repository.snapshots()).length, 1);
});

test("a server that loses more versions than it was asked to is found out, by name", async (t) => {
  const place = await BackedUp.withApache(t);
  const app = await AppUnderTest.begin(t, place);
  const file = path.join(place.folder("blog", "blog_data"), "changing");
  const versions: string[] = [];
  for (const text of ["one", "two", "three", "four"]) {
    await writeFile(file, text);
    versions.push((await app.run()).volumes[0]?.snapshot ?? "");
  }
  const [forgotten = "", gone = "", cut = "", whole = ""] = versions;
  const repository = await app.service.repositories.open("blog");
  const at = (id: string): string => place.onServer(`repositories/blog/snapshots/${id}`);
  const permit = {
    run: "x",
    kinds: ["snapshots"] as const,
    names: [forgotten],
    maxCount: 1,
    maxBytes: 100_000,
    // Asked when it is about to delete.
    inForce: () => {
      rmSync(at(gone), { force: true });
      truncateSync(at(cut), 10);
      return true;
    },
  };
  const error = await t.throwsAsync(repository.forget([forgotten], permit), {
    message: /2 versions that were to stay are gone from the server or cut short/,
  });
  for (const id of [gone, cut]) t.true(error.message.includes(id.slice(0, 8)));
  for (const id of [forgotten, whole]) t.false(error.message.includes(id.slice(0, 8)));
});

test("fault 29: while the time is in doubt versions are made, in their order, and none goes", async (t) => {
  const app = await AppUnderTest.begin(t);
  const held = await app.held();
  const repository = await app.service.repositories.open("blog", { lease: held });
  const view = app.place.view(app.volumes[0] ?? (await app.place.volume("blog", "blog_data", [])));
  for (let index = 0; index < 12; index += 1)
    await repository.backup(view, {
      host: "blog_data",
      tags: [],
      time: Date.now() - (300 - index) * day,
    });
  const newest = (await repository.snapshots()).at(-1)?.time ?? 0;
  // This node's clock is two years behind, and nobody else can be asked.
  const behind = { now: () => systemClock.now() - 730 * day };
  const time = new TimeKeeper({
    clock: behind,
    uptime: () => performance.now(),
    servers: [],
    ask: () => Promise.reject(new Error("no time server")),
    remoteOffset: () => null,
  });
  const world = worldOf(app.place, app.service, { time, keep: parseKeep("180d") });
  const report = await runApp(world, { app: "blog", sources: [view], held });
  t.false(report.timeTrusted);
  t.regex(report.timeDoubt ?? "", /no time server answers/);
  t.deepEqual(report.retention?.forgotten, []);
  const after = await repository.snapshots();
  t.is(after.length, 13);
  t.true((after.at(-1)?.time ?? 0) > newest);
  t.is(after.at(-1)?.id, report.volumes[0]?.snapshot ?? "");
});

async function packsOf(place: BackedUp): Promise<string[]> {
  const entries = await readdir(place.onServer("repositories/blog/data"), { recursive: true });
  return entries.flatMap((entry) => /[0-9a-f]{64}$/.exec(entry)?.[0] ?? []);
}
