import test from "ava";
import { judge } from "../../../backup-sidecar/clock/judge.ts";
import { TimeKeeper, type TimeWorld } from "../../../backup-sidecar/clock/trusted-time.ts";

const minute = 60_000;
const year = 365 * 86_400_000;
const truth = Date.parse("2026-09-01T00:00:00Z");

test("time servers that agree with the backup server are believed, whatever this machine says", (t) => {
  t.deepEqual(judge({ ntp: [-year, -year + 20, -year - 20], server: -year + 500 }), {
    offset: -year,
    doubt: null,
  });
});

test("fault 29: a clock a year ahead or behind changes no version's time", async (t) => {
  for (const error of [year, -year]) {
    const { now, trusted } = await keeper({ error }).now(truth - 10 * minute);
    t.true(Math.abs(now - truth) < minute, new Date(now).toISOString());
    t.true(trusted);
  }
});

test("fault 29: with no time server and a backup server that disagrees nothing is beyond doubt", async (t) => {
  const { now, trusted, doubt } = await keeper({ error: year, servers: [] }).now();
  t.false(trusted);
  t.regex(doubt ?? "", /no time server answers.*differ by 36\d d/);
  t.true(Math.abs(now - truth) < minute);
});

test("fault 29: when nobody can be asked a version is later than the one before all the same", async (t) => {
  const alone = keeper({ error: -year, servers: [], remoteOffset: () => null });
  const { now, trusted } = await alone.now(truth);
  t.is(now, truth + 1000);
  t.false(trusted);
});

test("fault 29: a clock that jumps while a run goes on is not looked at again", async (t) => {
  let error = 0;
  const world = { ...worldWith({}), clock: { now: () => truth + error } };
  const time = new TimeKeeper(world);
  await time.now();
  error = -year;
  const { now, trusted } = await time.now();
  t.true(trusted);
  t.true(Math.abs(now - truth) < minute);
});

test("fault 29: daylight saving time is nobody's business", async (t) => {
  // Noon before and after the clocks of Berlin went back in 2026.
  for (const at of ["2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"]) {
    const world = { ...worldWith({}), clock: { now: () => Date.parse(at) }, remoteOffset: () => 0 };
    const { now } = await new TimeKeeper({ ...world, ask: async () => 0 }).now();
    t.is(now, Date.parse(at));
  }
});

test("fault 29: a version that a wrong clock dated in the future does not pull the next ones along", async (t) => {
  const { now, trusted } = await keeper({ error: 0 }).now(truth + year);
  t.true(trusted);
  t.is(now, truth);
});

test("time servers and a backup server that disagree leave a doubt, and the best guess", (t) => {
  t.is(judge({ ntp: [0], server: year }).offset, 0);
  t.regex(judge({ ntp: [0], server: year }).doubt ?? "", /differ by 365 d/);
  t.is(judge({ ntp: [year], server: 0 }).offset, 0);
  t.regex(judge({ ntp: [0, year], server: 0 }).doubt ?? "", /time servers differ/);
  t.deepEqual(judge({ ntp: [], server: 1000 }), { offset: 0, doubt: null });
  t.regex(judge({ ntp: [], server: null }).doubt ?? "", /does not say its time/);
});

interface Wrong {
  /** How far this machine's clock is ahead. */
  readonly error?: number;
  readonly servers?: readonly string[];
  readonly remoteOffset?: () => number | null;
}

function keeper(wrong: Wrong): TimeKeeper {
  return new TimeKeeper(worldWith(wrong));
}

function worldWith({ error = 0, servers = ["a", "b"], remoteOffset }: Wrong): TimeWorld {
  return {
    clock: { now: () => truth + error },
    uptime: () => 1_000_000,
    servers,
    ask: async () => -error,
    remoteOffset: remoteOffset ?? (() => -error + 900),
  };
}
