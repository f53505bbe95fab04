import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { pruneApp } from "../../../backup-sidecar/engine/pruning.ts";
import { lockProof, removeStaleLocks } from "../../../backup-sidecar/engine/stale-locks.ts";
import { systemClock } from "../../../service/clock.ts";
import { until } from "../../plugin/until.ts";
import { AppUnderTest } from "./app-under-test.ts";
import { leaveLock, locksOn, plainRestic } from "./plain-restic.ts";

for (const kind of ["shared", "exclusive"] as const)
  test(`fault 20: ${kind === "shared" ? "a shared" : "an exclusive"} lock of a service that is dead goes, by proof, and backup and prune work`, async (t) => {
    const app = await AppUnderTest.begin(t);
    t.is((await app.run()).outcome, "ok");
    // Another service was in charge, and was killed in the middle; this one has taken over.
    await (await app.held()).release();
    const dead = await app.place.service("two");
    await (await dead.lease.acquire()).release();
    await leaveLock(t, app.place, dead.lockHost, kind);
    const mine = await AppUnderTest.again(app);
    const report = await mine.run();
    t.is(report.outcome, "ok", JSON.stringify(report));
    t.deepEqual(await locksOn(app.place), []);
    const held = await mine.held();
    t.is((await pruneApp(mine.world, { app: "blog", held }, false)).withheld, null);
  });

test("fault 20: a lock under our own name, whose number another process has now, goes, and that process is left alone", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  // restic's own unlock would send SIGHUP to whoever has the number now; nobody is asked here.
  await leaveLock(t, app.place, app.service.lockHost, "exclusive");
  t.is((await app.run()).outcome, "ok");
  t.deepEqual(await locksOn(app.place), []);
});

test("fault 20: the lock of a living restic elsewhere stays: backups go on beside it, and nothing is pruned", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  await living(t, app);
  const report = await app.run();
  t.is(report.outcome, "ok", JSON.stringify(report));
  t.is((await locksOn(app.place)).length, 1);
  const held = await app.held();
  await t.throwsAsync(pruneApp(app.world, { app: "blog", held }, false), {
    message: /in use elsewhere.*somebody-else/s,
  });
});

test("fault 20: the lock of a restic of our own that is at work stays", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const held = await app.held();
  const folder = app.place.folder("blog", "blog_data");
  await writeFile(path.join(folder, "big2"), randomBytes(150_000_000));
  const repository = await app.service.repositories.open("blog", { lease: held });
  const stop = new AbortController();
  const view = app.place.view(app.volumes[0] ?? (await app.place.volume("blog", "blog_data", [])));
  const request = { host: "blog_data", tags: [], signal: stop.signal };
  const running = repository.backup(view, request).catch(() => null);
  await until("it has its lock", async () => (await locksOn(app.place)).length > 0, 120_000);
  const proof = await lockProof(app.service.lease, held, app.service.lockHost);
  const { removed, alive } = await removeStaleLocks(repository, proof, systemClock);
  stop.abort();
  await running;
  t.deepEqual([removed.length, alive.length], [0, 1]);
});

test("fault 22: a backup and a prune of two services at once: one is in charge, the other is refused", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  const other = await app.place.service("two");
  await t.throwsAsync(other.lease.acquire(), { message: /in charge of this storage/ });
});

test("fault 22: while somebody prunes by hand a backup fails, says so, and is made good by the next", async (t) => {
  const app = await AppUnderTest.begin(t);
  t.is((await app.run()).outcome, "ok");
  await leaveLock(t, app.place, "somebody-else", "exclusive");
  const report = await app.run();
  t.is(report.outcome, "failed");
  t.regex(report.notes.join(), /another restic is working on this repository/);
  t.is((await locksOn(app.place)).length, 1);
});

/** Somebody's backup that takes its time. */
async function living(t: ExecutionContext, app: AppUnderTest): Promise<void> {
  await plainRestic(t, app.place, "somebody-else", ["backup", "--stdin", "--stdin-filename", "x"]);
  await until("it has its lock", async () => (await locksOn(app.place)).length > 0, 120_000);
}
