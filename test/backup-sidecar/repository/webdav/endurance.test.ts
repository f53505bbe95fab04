import test from "ava";
import {
  Endurance,
  usualEndurance,
  type Pacing,
} from "../../../../backup-sidecar/repository/webdav/endurance.ts";
import { RemoteFailure, type FailureKind } from "../../../../backup-sidecar/repository/failure.ts";

/** Time that passes only by waiting. */
class Time implements Pacing {
  readonly waits: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    this.#now += ms;
  }
}

const quiet = (): void => undefined;

function failing(kind: FailureKind, times: number, retryAfterMs?: number): () => Promise<string> {
  let left = times;
  return async () => {
    if (left === 0) return "done";
    left -= 1;
    throw new RemoteFailure(kind, kind, retryAfterMs === undefined ? {} : { retryAfterMs });
  };
}

test("fault 1: an outage of nearly ten minutes is ridden out, a longer one is not", async (t) => {
  const time = new Time();
  const endurance = new Endurance(usualEndurance, time);
  const untilMs = (end: number) => async (): Promise<string> => {
    if (time.now() >= end) return "done";
    throw new RemoteFailure("network", "nobody answers");
  };
  t.is(await endurance.run(untilMs(580_000), quiet), "done");
  const begin = time.now();
  await t.throwsAsync(endurance.run(untilMs(begin + 700_000), quiet), {
    message: "nobody answers",
  });
  t.true(time.now() - begin <= 600_000);
});

test("whoever stops waiting says that nothing is waited for any more", async (t) => {
  const told: (FailureKind | null)[] = [];
  const stop = new AbortController();
  const endurance = new Endurance(usualEndurance, new Time());
  const waiting = endurance.run(
    failing("network", 10),
    (failure) => {
      told.push(failure?.kind ?? null);
      if (told.length === 2) stop.abort(new Error("told to stop"));
    },
    stop.signal,
  );
  await t.throwsAsync(waiting, { message: "told to stop" });
  t.deepEqual(told, ["network", "network", null]);
});

test("waits grow from half a second to a quarter of a minute, and are scattered", async (t) => {
  const time = new Time();
  await new Endurance(usualEndurance, time).run(failing("server", 10), quiet);
  t.is(time.waits.length, 10);
  time.waits.forEach((wait, index) => {
    const most = Math.min(500 * 2 ** index, 15_000);
    t.true(wait >= most / 2 && wait <= most, `${index}: ${wait}`);
  });
});

test("fault 7: a server that says how long to wait is obeyed, unless that is longer than we have", async (t) => {
  const time = new Time();
  const endurance = new Endurance(usualEndurance, time);
  await endurance.run(failing("busy", 2, 30_000), quiet);
  t.deepEqual(time.waits, [30_000, 30_000]);
  await t.throwsAsync(endurance.run(failing("busy", 1, 3_600_000), quiet));
  t.is(time.waits.length, 2);
});

test("fault 6: a lock is waited for longer than the five minutes that some servers keep one", async (t) => {
  const time = new Time();
  const begin = time.now();
  await t.throwsAsync(new Endurance(usualEndurance, time).run(failing("locked", Infinity), quiet));
  t.true(time.now() - begin > 360_000);
});

for (const kind of ["gone", "forbidden", "full", "too-big", "tls"] as const) {
  test(`"${kind}" is not waited for`, async (t) => {
    const time = new Time();
    await t.throwsAsync(new Endurance(usualEndurance, time).run(failing(kind, 1), quiet));
    t.deepEqual(time.waits, []);
  });
}

for (const kind of ["auth", "wrong-target"] as const) {
  test(`"${kind}" is doubted for a minute when all was well before, and believed when nothing ever was`, async (t) => {
    const time = new Time();
    const endurance = new Endurance(usualEndurance, time);
    await t.throwsAsync(endurance.run(failing(kind, 1), quiet));
    t.deepEqual(time.waits, []);
    await endurance.run(failing(kind, 0), quiet);
    t.is(await endurance.run(failing(kind, 3), quiet), "done");
    const begin = time.now();
    await t.throwsAsync(endurance.run(failing(kind, Infinity), quiet));
    t.true(time.now() - begin <= 60_000);
  });
}

test("a server that was away for long, and finds its disk only later, is doubted for a minute from then on", async (t) => {
  const time = new Time();
  const endurance = new Endurance(usualEndurance, time);
  await endurance.run(failing("wrong-target", 0), quiet);
  const starting = async (): Promise<string> => {
    if (time.now() < 300_000) throw new RemoteFailure("network", "nobody answers");
    if (time.now() < 330_000) throw new RemoteFailure("wrong-target", "no disk yet");
    return "done";
  };
  t.is(await endurance.run(starting, quiet), "done");
});

test("time that a request took before it failed is not part of the outage", async (t) => {
  const time = new Time();
  const endurance = new Endurance({ ...usualEndurance, outageMs: 1000 }, time);
  const slowAtFirst = async (before: number): Promise<string> => {
    if (before > 0) return "done";
    await time.sleep(5000);
    throw new RemoteFailure("network", "broke the connection");
  };
  t.is(await endurance.run(slowAtFirst, quiet), "done");
});

test("what is waited for is told, and that it is over", async (t) => {
  const told: (string | null)[] = [];
  await new Endurance(usualEndurance, new Time()).run(
    failing("network", 2),
    (failure) => void told.push(failure?.kind ?? null),
  );
  t.deepEqual(told, ["network", "network", null]);
});

test("aborting ends the wait with the signal's reason", async (t) => {
  const ending = new AbortController();
  const time = new Time();
  const endurance = new Endurance(usualEndurance, time);
  const work = endurance.run(
    failing("network", Infinity),
    () => ending.abort(new Error("enough")),
    ending.signal,
  );
  await t.throwsAsync(work, { message: "enough" });
});
