import test from "ava";
import * as fc from "fast-check";
import type { TrustedTime } from "../../../backup-sidecar/clock/trusted-time.ts";
import { tags, type Snapshot } from "../../../backup-sidecar/engine/snapshot.ts";
import { parseKeep } from "../../../backup-sidecar/retention/keep.ts";
import {
  alwaysKept,
  planRetention,
  type RetentionRequest,
} from "../../../backup-sidecar/retention/retention.ts";

const hour = 3_600_000;
const day = 24 * hour;
const year = 365 * day;
const now = Date.parse("2026-09-01T00:00:00Z");
const trusted: TrustedTime = { now, trusted: true, doubt: null };

test("everything of the last 180 days is kept, and what is older goes", (t) => {
  const snapshots = every(6 * hour, 200 * day);
  const { forget } = plan(snapshots);
  t.true(forget.length > 0);
  t.true(forget.every(({ time }) => time < now - 180 * day));
});

test("no more than a tenth goes at once, the oldest first, and that is said", (t) => {
  const snapshots = every(day, 400 * day);
  const { forget, withheld } = plan(snapshots);
  t.is(forget.length, 40);
  t.is(forget[0]?.time, now - 399 * day);
  t.regex(withheld.join(), /219 versions are past their time; 40 go now/);
});

test("the last seven verified versions stay, however old they are", (t) => {
  const snapshots = every(day, 60 * day, now - year);
  const verified = new Set(snapshots.slice(10, 20).map(({ id }) => id));
  let left = snapshots;
  for (;;) {
    const { forget } = plan(left, { verified });
    if (forget.length === 0) break;
    left = left.filter((each) => !forget.includes(each));
  }
  t.deepEqual(
    left.map(({ id }) => id),
    [...snapshots.slice(13, 20), ...snapshots.slice(-alwaysKept)].map(({ id }) => id),
  );
});

test("each volume has its own last versions", (t) => {
  const old = every(day, 7 * day, now - year, "old");
  t.deepEqual(
    plan([...old, ...every(day, 300 * day)])
      .forget.map(({ volume }) => volume)
      .includes("old"),
    false,
  );
});

test("fault 29: nothing is removed while the time is in doubt, and the reason is given", (t) => {
  const snapshots = every(day, 400 * day);
  const time = { now: now + year, trusted: false, doubt: "the clocks differ by 365 d" };
  t.deepEqual(plan(snapshots, { time }), {
    forget: [],
    withheld: ["the time is in doubt: the clocks differ by 365 d"],
  });
});

test("fault 29: a version that a wrong clock dated in the future is left alone, and counts for none", (t) => {
  const ahead = one(now + year, { id: "ahead" });
  const { forget } = plan([...every(day, 400 * day), ahead], { keep: parseKeep("last=1") });
  t.false(forget.some(({ id }) => id === "ahead"));
  t.true(forget.length > 0);
});

test("fault 29: a version dated by a clock that was a year behind is as young as the one that follows", (t) => {
  const behind = one(now - year, { id: "behind", tags: [tags.doubtfulTime] });
  const snapshots = [...every(day, 30 * day), behind];
  const only = plan(snapshots).forget;
  t.deepEqual(only, []);
});

test("nothing is removed while something speaks against it", (t) => {
  const frozen = ["volume blog_data looks destroyed"];
  t.deepEqual(plan(every(day, 400 * day), { frozen }), { forget: [], withheld: frozen });
});

test("older versions can be thinned out by the day, week, month and year", (t) => {
  const snapshots = every(6 * hour, 800 * day);
  const left = settle(snapshots, { keep: parseKeep("2d,daily=5,weekly=4,monthly=3,yearly=2") });
  const ages = left.map(({ time }) => Math.round((now - time) / day));
  t.true(ages.includes(0));
  t.true(left.length < 30, String(left.length));
  // The last version of last year.
  t.true(left.some(({ time }) => new Date(time).toISOString() === "2025-12-31T18:00:00.000Z"));
});

test("KEEP is understood or refused", (t) => {
  t.is(parseKeep("180d").within, 180 * day);
  t.deepEqual(
    [parseKeep("14d,daily=180").within, parseKeep("14d, daily=180").daily],
    [14 * day, 180],
  );
  for (const wrong of ["", "180", "daily", "dayly=3", "0d", "last=0", "14d daily=3"])
    t.throws(() => parseKeep(wrong), { name: "UserError" }, wrong);
});

test("whatever versions there are: nothing young goes, and of every volume something stays", (t) => {
  const some = fc.array(
    fc.record({
      age: fc.integer({ min: -400, max: 1000 }),
      volume: fc.constantFrom("a", "b"),
      doubtful: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(some, (drawn) => {
      const snapshots = drawn.map(({ age, volume, doubtful }, index) =>
        one(now - age * day, {
          id: String(index),
          volume,
          tags: doubtful ? [tags.doubtfulTime] : [],
        }),
      );
      const { forget } = plan(snapshots);
      t.true(forget.every(({ time }) => time < now - 180 * day));
      t.true(forget.length <= Math.max(1, snapshots.length / 10));
      const left = snapshots.filter((each) => !forget.includes(each));
      t.deepEqual(
        new Set(left.map(({ volume }) => volume)),
        new Set(snapshots.map(({ volume }) => volume)),
      );
    }),
  );
});

function plan(snapshots: readonly Snapshot[], other: Partial<RetentionRequest> = {}) {
  return planRetention({
    snapshots,
    keep: parseKeep("180d"),
    time: trusted,
    frozen: [],
    verified: new Set(),
    ...other,
  });
}

function settle(
  snapshots: readonly Snapshot[],
  other: Partial<RetentionRequest>,
): readonly Snapshot[] {
  let left = snapshots;
  for (;;) {
    const { forget } = plan(left, other);
    if (forget.length === 0) return left;
    const gone = new Set(forget);
    left = left.filter((each) => !gone.has(each));
  }
}

function every(span: number, whole: number, last = now, volume = "blog_data"): Snapshot[] {
  const count = Math.floor(whole / span);
  return Array.from({ length: count }, (_, index) =>
    one(last - (count - 1 - index) * span, { volume, id: `${volume} ${count - index}` }),
  );
}

function one(time: number, other: Partial<Snapshot> = {}): Snapshot {
  return {
    id: `at ${time}`,
    time,
    volume: "blog_data",
    tags: [],
    tree: "",
    parent: null,
    files: 1,
    bytes: 1,
    added: 1,
    ...other,
  };
}
