import test from "ava";
import { pino } from "pino";
import { Health } from "../../../nfs-server/health/health.ts";
import {
  type Check,
  degraded,
  failed,
  type Verdict,
  well,
} from "../../../nfs-server/health/verdict.ts";

const patience = { look: 50, repair: 50, again: 30_000 };

test("the whole is as well as its worst part, and the reasons come worst first", async (t) => {
  const world = new World();
  const health = world.health(
    { name: "a", look: async () => degraded("a is so so") },
    { name: "b", look: async () => well },
    { name: "c", look: async () => failed("c is gone") },
  );
  t.is(health.report().state, "ok");
  world.now += 1000;
  await health.round();
  t.deepEqual(health.report(), {
    state: "failed",
    since: "1970-01-01T00:00:01Z",
    reasons: ["c is gone", "a is so so"],
    checks: [
      { name: "a", state: "degraded", reason: "a is so so", since: "1970-01-01T00:00:01Z" },
      { name: "b", state: "ok", reason: "", since: "1970-01-01T00:00:01Z" },
      { name: "c", state: "failed", reason: "c is gone", since: "1970-01-01T00:00:01Z" },
    ],
  });
});

test("since counts from the change of state, whatever the reason is by now", async (t) => {
  const world = new World();
  const verdicts: Verdict[] = [degraded("80 %"), degraded("81 %"), well];
  const health = world.health({ name: "disk", look: async () => verdicts.shift() ?? well });
  await health.round();
  world.now += 60_000;
  await health.round();
  t.like(health.report(), { since: "1970-01-01T00:00:00Z", reasons: ["81 %"] });
  await health.round();
  t.like(health.report(), { state: "ok", since: "1970-01-01T00:01:00Z", reasons: [] });
});

test("a change is told once, in the words for people", async (t) => {
  const world = new World();
  const verdicts: Verdict[] = [well, failed("gone"), failed("gone"), well, well];
  const health = world.health({ name: "a", look: async () => verdicts.shift() ?? well });
  for (let round = 0; round < 5; round += 1) await health.round();
  t.deepEqual(world.lines, ["error gone", "info well again"]);
});

test("what can be repaired is, and seen to be well in the same round", async (t) => {
  const world = new World();
  let threads = 0;
  const health = world.health({
    name: "nfsd",
    look: async () => (threads > 0 ? well : failed("stopped")),
    repair: async () => {
      threads = 16;
    },
  });
  await health.round();
  t.is(health.report().state, "ok");
  t.deepEqual(world.lines, ["error stopped", "info repaired", "info well again"]);
});

test("a repair that does not help is tried again, but not all the time", async (t) => {
  const world = new World();
  let repairs = 0;
  const health = world.health({
    name: "nfsd",
    look: async () => failed("stopped"),
    repair: async () => {
      repairs += 1;
      throw new Error("no");
    },
  });
  await health.round();
  await health.round();
  t.is(repairs, 1);
  world.now += 31_000;
  await health.round();
  t.is(repairs, 2);
  world.now -= 3_600_000;
  await health.round();
  t.is(repairs, 3, "a clock that was put back is no reason to wait");
});

test("a check that hangs keeps no other waiting, and is not begun twice", async (t) => {
  const world = new World();
  let looks = 0;
  const health = world.health(
    {
      name: "disk",
      look: () => {
        looks += 1;
        return new Promise(() => undefined);
      },
    },
    { name: "b", look: async () => well },
  );
  await health.round();
  await health.round();
  t.is(looks, 1);
  t.deepEqual(health.report().reasons, ["disk cannot be looked at: no answer within 0.05 s"]);
});

test("a check or a repair that fails or hangs is no failure of the round", async (t) => {
  const world = new World();
  const health = world.health(
    { name: "a", look: () => Promise.reject(new Error("EIO")) },
    { name: "b", look: async () => degraded("b"), repair: () => new Promise(() => undefined) },
  );
  await health.round();
  t.deepEqual(health.report().reasons, ["a cannot be looked at: EIO", "b"]);
  t.true(world.lines.includes("error could not be repaired"));
});

test("what could not be looked at is not repaired: a slow machine is not a broken one", async (t) => {
  const world = new World();
  let repairs = 0;
  const { promise: never } = Promise.withResolvers<Verdict>();
  const health = world.health({
    name: "nfsd",
    look: () => never,
    repair: async () => {
      repairs += 1;
    },
  });
  await health.round();
  t.is(repairs, 0);
  t.is(health.report().state, "degraded");
  t.false(world.lines.some((line) => line.includes("repaired")));
});

test("a repair that did not help is not called one", async (t) => {
  const world = new World();
  const health = world.health({
    name: "nfsd",
    look: async () => failed("stopped"),
    repair: async () => {},
  });
  await health.round();
  t.deepEqual(world.lines, ["error stopped"]);
});

class World {
  now = 0;
  readonly lines: string[] = [];

  health(...checks: Check[]): Health {
    const log = pino(
      { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      {
        write: (line) => {
          const { level, msg } = JSON.parse(line) as { level: string; msg: string };
          this.lines.push(`${level} ${msg}`);
        },
      },
    );
    return new Health(checks, { now: () => this.now }, log, patience);
  }
}
