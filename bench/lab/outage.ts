import { beginFault, endFault } from "../../lab/fault.ts";
import { messageOf } from "../../service/message-of.ts";
import { progress } from "../progress.ts";
import { below, type Row } from "../row.ts";
import { median, quantile } from "../sample.ts";
import type { BenchLab } from "./bench-lab.ts";
import { timed } from "./timed.ts";

/** How often each thing is done, with the NAS there and without. */
const times = { list: 8, other: 4, failure: 5 };
/** A restart of an emulated engine takes a minute. */
const restarts = { emulated: 1, real: 3 };
/** Seconds. The plugin answers every request within 22, and within 2 when it knows the NAS to be silent. */
const bounds = { delay: 1, firstFailure: 22, laterFailure: 2, restartDelay: 10 };

/** Seconds that Docker took. */
interface Seen {
  readonly list: number[];
  readonly other: number[];
  /** Until dockerd has ended; until a new one answers. */
  readonly stop: number[];
  readonly start: number[];
}

/** What Docker's commands take while the NAS is silent, against what they take otherwise. */
export async function measureOutage(bench: BenchLab): Promise<Row[]> {
  for (const volume of ["bench-idle", "bench-lasting"]) await bench.createVolume(volume);
  await (await bench.createContainer("lasts", "bench-lasting", "always")).start();
  const there = await seen(bench, "with the NAS");

  progress("outage: the NAS's cable is cut");
  await beginFault(bench.nas, "cut");
  const failures: number[] = [];
  try {
    for (let attempt = 0; attempt < times.failure; attempt += 1)
      failures.push(await failure(bench, attempt));
    const without = await seen(bench, "without the NAS");
    progress("outage: the cable is mended");
    await endFault(bench.nas);
    return [...rowsOf(there, without, failures), await recovery(bench)];
  } finally {
    await endFault(bench.nas);
  }
}

async function seen(bench: BenchLab, when: string): Promise<Seen> {
  progress(`outage: docker volume ls and other volumes ${when}`);
  const now: Seen = { list: [], other: [], stop: [], start: [] };
  for (let n = 0; n < times.list; n += 1)
    now.list.push(await seconds(() => bench.docker.listVolumes()));
  for (let n = 0; n < times.other; n += 1)
    now.other.push(await seconds(() => useLocal(bench, `bench-${when.replaceAll(" ", "-")}-${n}`)));
  const count = bench.isEmulated ? restarts.emulated : restarts.real;
  for (let n = 0; n < count; n += 1) {
    progress(`outage: dockerd is started again ${when}`);
    now.stop.push(await seconds(() => stopEngine(bench)));
    now.start.push(await seconds(() => bench.answers()));
  }
  return now;
}

/** A new volume of Docker's own driver and a container with it: Docker asks every plugin whether it knows the name. */
async function useLocal(bench: BenchLab, name: string): Promise<void> {
  await bench.docker.createVolume({ Name: name });
  const container = await bench.createContainer("other", name);
  await container.start();
  await container.remove({ force: true });
}

/** It is started again at once. */
async function stopEngine(bench: BenchLab): Promise<void> {
  await bench.node.must(
    "pid=$(cat /run/docker.pid) && kill $pid && while [ -d /proc/$pid ]; do sleep 0.1; done",
    { timeout: 180_000 },
  );
}

/** Seconds until a new container on a volume of the dead NAS is refused. */
async function failure(bench: BenchLab, attempt: number): Promise<number> {
  const container = await bench.createContainer(`fails-${attempt}`, "bench-idle");
  let said = "";
  const took = await seconds(async () => {
    await container.start().catch((error: unknown) => (said = messageOf(error)));
  });
  if (said === "") throw new Error("a container started on a volume of a NAS that is cut off");
  progress(`outage: a new container failed after ${took.toFixed(1)} s: ${said}`);
  await container.remove({ force: true });
  return took;
}

/** How long it takes from the mended cable until a new container on a volume runs. */
async function recovery(bench: BenchLab): Promise<Row> {
  const container = await bench.createContainer("is-back", "bench-idle");
  const took = await seconds(async () => {
    const until = performance.now() + 180_000;
    for (;;) {
      try {
        return await container.start();
      } catch (error) {
        if (performance.now() > until) throw error;
      }
    }
  });
  return alone("cable mended: a new container on the volume runs after", [took], null);
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  return (await timed(action)) / 1000;
}

function rowsOf(there: Seen, without: Seen, [first = Number.NaN, ...later]: number[]): Row[] {
  return [
    compared("docker volume ls", without.list, there.list, bounds.delay),
    compared("a new local volume with a container", without.other, there.other, bounds.delay),
    alone("a new container on a volume: first failure", [first], bounds.firstFailure),
    alone("a new container on a volume: later failures", later, bounds.laterFailure),
    compared("dockerd stops", without.stop, there.stop, bounds.restartDelay),
    compared("dockerd starts, until it answers", without.start, there.start, bounds.restartDelay),
  ];
}

/** The bound is for what the outage adds. */
function compared(
  what: string,
  without: readonly number[],
  there: readonly number[],
  bound: number,
): Row {
  const [slow, usual] = [median(without), median(there)];
  return {
    what: `NAS cut off: ${what}`,
    unit: "s",
    swarmnfs: { median: slow, p99: quantile(without, 0.99) },
    other: { name: "NAS there", median: usual, p99: quantile(there, 0.99) },
    ratio: slow / usual,
    goals: [below("delay", slow - usual, bound, " s")],
  };
}

function alone(what: string, values: readonly number[], bound: number | null): Row {
  const value = median(values);
  return {
    what: `NAS cut off: ${what}`,
    unit: "s",
    swarmnfs: { median: value, p99: quantile(values, 0.99) },
    other: null,
    ratio: null,
    goals: bound === null ? [] : [below("", value, bound, " s")],
  };
}
