import test from "ava";
import type { RunReport } from "../../../backup-sidecar/engine/run-report.ts";
import { type AppFacts, appView, verifiedShare } from "../../../backup-sidecar/status/app-view.ts";

const day = 86_400_000;
const now = Date.parse("2026-03-10T12:00:00Z");
const rules = {
  now,
  overdueMs: day,
  jitterMs: 0,
  verifySchedule: "0 2 * * *",
  drillSchedule: "0 5 * * 6",
};
const six = "0 */6 * * *";

function report(change: Partial<RunReport> = {}): RunReport {
  return {
    schema: 1,
    run: "0199c0de-0000-7000-8000-000000000001",
    app: "blog",
    outcome: "ok",
    notes: [],
    repository: "a1",
    startedAt: "2026-03-10T11:00:00Z",
    endedAt: "2026-03-10T11:01:00Z",
    timeTrusted: true,
    timeDoubt: null,
    volumes: [],
    check: null,
    retention: null,
    ...change,
  };
}

function facts(change: Partial<AppFacts> = {}, history: Partial<AppFacts["history"]> = {}) {
  return {
    app: "blog",
    volumes: [{ name: "blog_data", cron: six, since: now - 5 * day }],
    suspect: [],
    running: false,
    next: now + 3_600_000,
    history: {
      schema: 1,
      app: "blog",
      runs: [report()],
      lastGood: "2026-03-10T11:01:00Z",
      volumes: { blog_data: { outcome: "ok", reason: null, goodAt: "2026-03-10T11:01:00Z" } },
      jobs: {},
      verifications: [],
      drill: null,
      repository: { snapshots: 212, stored: 1_100_000_000, at: "2026-03-10T11:01:00Z" },
      ...history,
    },
    ...change,
  } satisfies AppFacts;
}

test("an app with a good backup of late is ok", (t) => {
  t.like(appView(facts(), rules), {
    state: "ok",
    reason: null,
    lastGood: "2026-03-10T11:01:00Z",
    snapshots: 212,
    next: "2026-03-10T13:00:00Z",
  });
});

test("no good backup for too long is overdue, even though no run has failed and one is going on", (t) => {
  const old = good("2026-03-08T11:00:00Z");
  t.like(appView(facts({ running: true }, old), rules), {
    state: "overdue",
    reason: "blog_data: no good backup for 2 d",
  });
  const never = { lastGood: null, runs: [], volumes: {} };
  t.is(appView(facts({}, never), rules).state, "overdue");
  const volumes = [{ name: "blog_data", cron: six, since: now }];
  t.is(appView(facts({ volumes }, never), rules).state, "never");
});

function good(time: string): Partial<AppFacts["history"]> {
  return { lastGood: time, volumes: { blog_data: { outcome: "ok", reason: null, goodAt: time } } };
}

test("an app that is backed up once a week, or once a day, is overdue when its own time has passed", (t) => {
  const weekly = [{ name: "blog_data", cron: "0 3 * * 2", since: 0 }];
  const tuesday = good("2026-03-03T03:05:00Z");
  const on = (time: string) => appView(facts({ volumes: weekly }, tuesday), at(time)).state;
  t.is(on("2026-03-09T12:00:00Z"), "ok");
  t.is(on("2026-03-10T08:00:00Z"), "ok");
  t.is(on("2026-03-10T09:01:00Z"), "overdue");
  const daily = [{ name: "blog_data", cron: "0 3 * * *", since: 0 }];
  const early = facts({ volumes: daily }, good("2026-03-09T03:00:01Z"));
  t.is(appView(early, at("2026-03-10T03:30:00Z")).state, "ok");
});

test("a volume with a schedule of its own that fails is not hidden by runs of the others", (t) => {
  const volumes = ["blog_data", "blog_db"].map((name) => ({ name, cron: six, since: 0 }));
  const ok = { outcome: "ok" as const, reason: null, goodAt: "2026-03-10T11:01:00Z" };
  const bad = { outcome: "failed" as const, reason: "EIO", goodAt: "2026-03-10T06:00:00Z" };
  const failing = { volumes: { blog_data: ok, blog_db: bad } };
  t.like(appView(facts({ volumes }, failing), rules), {
    state: "failed",
    reason: "blog_db: EIO",
    lastGood: "2026-03-10T06:00:00Z",
  });
  const late = { ...ok, goodAt: "2026-03-01T06:00:00Z" };
  const forgotten = { volumes: { blog_data: ok, blog_db: late } };
  t.like(appView(facts({ volumes }, forgotten), rules), {
    state: "overdue",
    reason: "blog_db: no good backup for 9 d",
    lastGood: "2026-03-01T06:00:00Z",
  });
  const young = facts({ volumes }, { volumes: { blog_data: ok } });
  t.is(appView(young, rules).lastGood, "2026-03-10T11:01:00Z");
});

test("what was not read back, or restored for practice, long after its time is told", (t) => {
  const runs = [report({ endedAt: "2026-02-20T06:01:00Z" }), report()];
  const practised = "2026-03-07T05:01:00Z";
  const drill = {
    schema: 1 as const,
    app: "blog",
    at: practised,
    ok: true,
    seconds: 1,
    volumes: [],
  };
  const of = (history: Partial<AppFacts["history"]>) => {
    const { state, reason } = appView(facts({}, { runs, drill, ...history }), rules);
    return [state, reason];
  };
  t.deepEqual(of({ verifications: verified("2026-03-09T02:00:10Z") }), ["ok", null]);
  const old = "nothing of it was read back from the server for 18 d";
  t.deepEqual(of({}), ["overdue", old]);
  t.deepEqual(of({ verifications: verified("2026-03-02T02:00:00Z") })[0], "overdue");
  const never = of({ drill: null, verifications: verified("2026-03-09T02:00:10Z") });
  t.deepEqual(never, ["overdue", "nothing of it was restored for practice for 18 d"]);
});

function verified(time: string) {
  return [{ at: time, ok: true, slice: { n: 1, of: 30 }, errors: [] }];
}

function at(time: string): typeof rules {
  return { ...rules, now: Date.parse(time) };
}

test("the last run says why it was not good", (t) => {
  const volumes: RunReport["volumes"] = [
    {
      volume: "blog_data",
      outcome: "failed",
      reason: "the server is full",
      snapshot: null,
      files: 0,
      bytes: 0,
      bytesAdded: 0,
      unread: [],
      unreadCount: 0,
      seconds: 1,
    },
  ];
  t.like(appView(facts({}, { runs: [report({ outcome: "failed", volumes })] }), rules), {
    state: "failed",
    reason: "blog_data: the server is full",
  });
  t.is(appView(facts({}, { runs: [report({ outcome: "interrupted" })] }), rules).state, "ok");
});

test("a source that looks destroyed comes before everything else, and says what to do", (t) => {
  const suspect = [{ volume: "blog_data", reason: "97 % of its files are gone" }];
  const runs = [report({ outcome: "failed" })];
  t.like(appView(facts({ suspect }, { runs }), rules), {
    state: "suspect",
    reason:
      "blog_data: 97 % of its files are gone. Nothing will be removed from its history until you run: swarmnfs backup confirm blog",
  });
});

test("what was confirmed waits for its next run, and is overdue when that does not come", (t) => {
  const volumes = ["blog_data", "blog_db"].map((name) => ({ name, cron: six, since: 0 }));
  const runs = [report({ outcome: "suspect", notes: ["blog_data: it is empty"] })];
  const goodAt = "2026-03-01T06:00:00Z";
  const destroyed = { outcome: "suspect" as const, reason: "it is empty", goodAt };
  const confirmed = { ...destroyed, confirmedAt: "2026-03-10T11:30:00Z" };
  const fine = { outcome: "ok" as const, reason: null, goodAt: "2026-03-10T11:01:00Z" };
  const on = (time: string, data: typeof destroyed, last = runs) => {
    const known = facts({ volumes }, { runs: last, volumes: { blog_data: data, blog_db: fine } });
    const { state, reason } = appView(known, at(time));
    return [state, reason];
  };
  const noon = "2026-03-10T12:00:00Z";
  t.is(on(noon, destroyed)[0], "suspect");
  t.deepEqual(on(noon, confirmed), ["confirmed", "it waits for its next run"]);
  t.is(on(noon, confirmed, [report()])[0], "confirmed", "another schedule's run changes nothing");
  t.is(on(noon, confirmed, [report({ outcome: "failed" })])[0], "failed");
  t.is(on("2026-03-11T10:00:00Z", confirmed)[0], "confirmed");
  const late = "blog_data: no good backup for 10 d";
  t.deepEqual(on("2026-03-11T18:30:00Z", confirmed), ["overdue", late]);
});

test("damage that was found by reading back is not hidden by later runs", (t) => {
  const verifications = [
    { at: "2026-03-10T02:00:00Z", ok: false, slice: { n: 1, of: 30 }, errors: ["pack a1 is cut"] },
  ];
  t.like(appView(facts({}, { verifications }), rules), {
    state: "degraded",
    reason: "pack a1 is cut",
  });
});

test("what was read back in the last month counts, each slice once", (t) => {
  const slice = (n: number, daysAgo: number, ok = true) => ({
    at: new Date(now - daysAgo * day).toISOString(),
    ok,
    slice: { n, of: 30 },
    errors: [],
  });
  t.is(verifiedShare([], now), null);
  const some = [slice(1, 1), slice(1, 2), slice(2, 3), slice(3, 40), slice(4, 1, false)];
  t.is(verifiedShare(some, now)?.share, 2 / 30);
  const all = Array.from({ length: 30 }, (_, index) => slice(index + 1, index));
  t.is(verifiedShare(all, now)?.share, 1);
});

test("the last look through the repository is told, and what it came to", (t) => {
  t.is(appView(facts(), rules).verification, null);
  const [found] = verified("2026-03-09T02:00:10Z");
  if (found === undefined) throw new Error("nothing");
  const broken = { ...found, at: "2026-03-10T02:00:10Z", ok: false, errors: ["pack 12ab is gone"] };
  t.deepEqual(appView(facts({}, { verifications: [found, broken] }), rules).verification, {
    at: "2026-03-10T02:00:10Z",
    ok: false,
  });
});
