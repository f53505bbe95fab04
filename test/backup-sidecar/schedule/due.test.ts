import test from "ava";
import { dueAt, jitterOf } from "../../../backup-sidecar/schedule/due.ts";
import type { Job } from "../../../backup-sidecar/schedule/job.ts";

const hour = 3_600_000;
const job: Job = {
  key: "run 0 */6 * * *",
  kind: "run",
  app: "blog",
  cron: "0 */6 * * *",
  volumes: ["blog_data"],
};
const verify: Job = { ...job, key: "verify", kind: "verify", cron: "0 2 * * *", volumes: [] };

const at = (text: string): number => Date.parse(text);
const context = (now: string) => ({
  now: at(now),
  since: at("2026-03-01T00:30:00Z"),
  jitterMs: 0,
});
const past = (started: string, failures = 0) => ({
  startedAt: at(started),
  endedAt: at(started) + 60_000,
  failures,
});

test("an app that was never backed up is due at once, the care for it at its time", (t) => {
  t.is(dueAt(job, null, context("2026-03-01T00:30:00Z")), at("2026-03-01T00:30:00Z"));
  t.is(dueAt(verify, null, context("2026-03-01T00:30:00Z")), at("2026-03-01T02:00:00Z"));
});

test("after a run the next time of the schedule is due", (t) => {
  const last = past("2026-03-01T06:00:07Z");
  t.is(dueAt(job, last, context("2026-03-01T07:00:00Z")), at("2026-03-01T12:00:00Z"));
});

test("fault 30: missed runs are made up for once", (t) => {
  const last = past("2026-03-01T06:00:07Z");
  const due = dueAt(job, last, context("2026-03-05T07:00:00Z"));
  t.is(due, at("2026-03-01T12:00:00Z"));
  const now = past("2026-03-05T07:00:00Z");
  t.is(dueAt(job, now, context("2026-03-05T07:05:00Z")), at("2026-03-05T12:00:00Z"));
});

test("with jitter no time of the schedule is left out or done twice", (t) => {
  const jitterMs = 2 * hour;
  const late = jitterOf(job, jitterMs);
  t.true(late > 0 && late < jitterMs);
  let started = at("2026-03-01T00:00:00Z") + late;
  for (let n = 1; n <= 8; n += 1) {
    const pastRun = { startedAt: started, endedAt: started, failures: 0 };
    const due = dueAt(job, pastRun, { now: started, since: started, jitterMs }) ?? 0;
    t.is(due, at("2026-03-01T00:00:00Z") + n * 6 * hour + late);
    // A few seconds later than it could be: the scheduler looks now and then.
    started = due + 9_000;
  }
});

test("apps have their own jitter, which stays the same", (t) => {
  t.is(jitterOf(job, hour), jitterOf({ ...job }, hour));
  t.not(jitterOf(job, hour), jitterOf({ ...job, app: "shop" }, hour));
});

test("what failed is tried again sooner, more and more rarely, never later than its schedule", (t) => {
  const minutes = (failures: number): number =>
    ((dueAt(job, past("2026-03-01T06:00:00Z", failures), context("2026-03-01T06:01:00Z")) ?? 0) -
      at("2026-03-01T06:01:00Z")) /
    60_000;
  t.deepEqual([1, 2, 3, 4, 9].map(minutes), [5, 15, 30, 60, 60]);
  const late = past("2026-03-01T11:50:00Z", 9);
  t.is(dueAt(job, late, context("2026-03-01T11:55:00Z")), at("2026-03-01T12:00:00Z"));
});

test("a start in the future, by a clock that was wrong, does not keep an app waiting for a year", (t) => {
  const last = past("2027-03-01T06:00:00Z");
  t.is(dueAt(job, last, context("2026-03-01T07:00:00Z")), at("2026-03-01T07:00:00Z"));
});

test("a clock that jumps ahead by a year leads to one run, not to a year of them", (t) => {
  const last = past("2026-03-01T06:00:00Z");
  const now = "2027-03-01T07:00:00Z";
  t.true((dueAt(job, last, context(now)) ?? Infinity) < at(now));
  t.is(dueAt(job, past(now), context(now)), at("2027-03-01T12:00:00Z"));
});
