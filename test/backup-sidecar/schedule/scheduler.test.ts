import test from "ava";
import type { JobPast } from "../../../backup-sidecar/schedule/due.ts";
import { type Job, jobsOf } from "../../../backup-sidecar/schedule/job.ts";
import { Scheduler } from "../../../backup-sidecar/schedule/scheduler.ts";
import { createLog } from "../../../service/log.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";

const log = createLog("test", { level: "silent", format: "json" });
const schedules = {
  schedule: "0 */6 * * *",
  verifySchedule: "0 2 * * *",
  pruneSchedule: "0 4 * * 0",
  drillSchedule: "0 5 * * 6",
  nfsConfigs: false,
};

function volume(name: string, change: Partial<VolumeRecord> = {}): VolumeRecord {
  return {
    schema: 1,
    revision: 1,
    id: "0199c0de-0000-7000-8000-000000000001",
    name,
    app: name,
    options: {},
    services: null,
    hosts: null,
    access: "shared",
    owner: { uid: 0, gid: 0, mode: 0o755 },
    squash: null,
    size: null,
    onRemove: "archive",
    backup: "default",
    mirror: null,
    mountOptions: [],
    root: false,
    fsid: 1,
    fill: null,
    state: "ready",
    createdAt: "2026-03-01T00:00:00Z",
    createdBy: "node1",
    ...change,
  };
}

const hour = 3_600_000;

/** A scheduler with a clock that is put, and works that end when they are told to. */
function play(volumes: readonly VolumeRecord[], parallel = 2) {
  const clock = { time: Date.parse("2026-03-01T00:10:00Z"), now: () => clock.time };
  const pasts = new Map<string, JobPast>();
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const busy = new Set<string>();
  const scheduler = new Scheduler(
    {
      jobs: async () => jobsOf(volumes, schedules),
      past: (job) => pasts.get(nameOf(job)) ?? null,
      isBusy: (app) => busy.has(app),
      start: async (job) => {
        const past = { startedAt: clock.time, endedAt: null, failures: 0 };
        pasts.set(nameOf(job), past);
        started.push(nameOf(job));
        const ended = Promise.withResolvers<void>();
        ends.set(job.app, ended.resolve);
        await ended.promise;
        pasts.set(nameOf(job), { ...past, endedAt: clock.time });
      },
    },
    { parallel, jitterMs: 0, clock, log },
  );
  const end = async (): Promise<void> => {
    for (const resolve of ends.values()) resolve();
    await scheduler.settled();
  };
  return { clock, scheduler, started, busy, end };
}

test("every app gets one run of all its volumes with the same schedule, others by their own", (t) => {
  const jobs = jobsOf(
    [
      volume("data", { app: "blog" }),
      volume("media", { app: "blog" }),
      volume("cache", { app: "blog", backup: "off" }),
      volume("db", { app: "blog", backup: "0 * * * *" }),
      volume("whole", { app: "root", root: true }),
      volume("half", { state: "filling" }),
    ],
    schedules,
  );
  t.deepEqual(
    jobs.filter(({ kind }) => kind === "run").map(({ key, volumes }) => [key, volumes]),
    [
      ["run 0 */6 * * *", ["data", "media"]],
      ["run 0 * * * *", ["db"]],
    ],
  );
  t.deepEqual(new Set(jobs.map(({ app }) => app)), new Set(["blog"]));
});

test("fault 30: a few apps at a time, each app one job at a time, until all were done once", async (t) => {
  const names = Array.from({ length: 100 }, (_, index) => `app${String(index).padStart(3, "0")}`);
  const { scheduler, started, end } = play(names.map((name) => volume(name)));
  let rounds = 0;
  while (started.length < names.length) {
    const before = started.length;
    await scheduler.round();
    await scheduler.round();
    t.true(started.length - before <= 2);
    await end();
    rounds += 1;
  }
  t.is(rounds, 50);
  t.is(new Set(started).size, 100);
  await scheduler.round();
  t.is(started.length, 100);
});

test("fault 30: a run that takes longer than its interval is not started a second time", async (t) => {
  const { clock, scheduler, started, end } = play([volume("blog")]);
  await scheduler.round();
  clock.time += 7 * hour;
  await scheduler.round();
  t.is(started.length, 1);
  await end();
  await scheduler.round();
  t.is(started.length, 2);
});

test("backups go before the care for repositories", async (t) => {
  const { clock, scheduler, started, end } = play([volume("blog"), volume("shop")], 1);
  for (let n = 0; n < 2; n += 1) {
    await scheduler.round();
    await end();
  }
  clock.time += 8 * hour;
  for (let n = 0; n < 4; n += 1) {
    await scheduler.round();
    await end();
  }
  t.true(started.slice(2, 4).every((name) => name.includes(" run ")));
});

test("an app that somebody is busy with waits", async (t) => {
  const { scheduler, started, busy } = play([volume("blog")]);
  busy.add("blog");
  await scheduler.round();
  t.deepEqual(started, []);
  busy.clear();
  await scheduler.round();
  t.is(started.length, 1);
});

test("when an app is backed up next is known", async (t) => {
  const { clock, scheduler, end } = play([volume("blog")]);
  await scheduler.round();
  await end();
  t.is(scheduler.next("blog"), Date.parse("2026-03-01T06:00:00Z"));
  clock.time += 30 * hour;
  t.is(scheduler.next("blog"), clock.time);
  t.is(scheduler.next("nobody"), null);
});

function nameOf({ app, key }: Job): string {
  return `${app} ${key}`;
}
