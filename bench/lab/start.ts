import { quantile, median, medianError } from "../sample.ts";
import { atMost, type Goal, type Row } from "../row.ts";
import { progress } from "../progress.ts";
import { foreignPlace, type BenchLab } from "./bench-lab.ts";
import { timed } from "./timed.ts";

const drivers = ["none", "local", "swarmnfs"] as const;
type Driver = (typeof drivers)[number];
/** What of a volume there is on the node when its container starts. */
const conditions = {
  cold: "first mount on this node",
  warm: "used a moment ago",
  held: "in use by another container",
} as const;
type Condition = keyof typeof conditions;

/** Milliseconds of `docker start`, one a round. */
type Times = Record<Condition, Record<Driver, number[]>>;

/**
 * How long the engine takes to start a container with a volume on NFS: one that is mounted for the first time on the node
 * (cold), one whose only container has just ended (warm), and one that another container has (held). Against Docker's
 * `local` driver with `type=nfs` on the same server; what a start takes without any volume is subtracted, round by round.
 */
export async function measureStart(bench: BenchLab, rounds: number): Promise<Row[]> {
  progress("container start: volumes and the containers that hold them");
  const local = await localVolumes(bench, rounds);
  const held: Record<Driver, string | null> = {
    none: null,
    local: "bench-local-held",
    swarmnfs: "bench-held",
  };
  for (const driver of ["local", "swarmnfs"] as const) {
    const volume = held[driver]!;
    await (driver === "local" ? local(volume) : bench.createVolume(volume));
    await (await bench.createContainer(`holds-${volume}`, volume)).start();
  }

  const times = emptyTimes();
  for (let round = 0; round <= rounds; round += 1) {
    progress(`container start: round ${round} of ${rounds}`);
    const kept = round === 0 ? emptyTimes() : times; // the first warms up
    for (let turn = 0; turn < drivers.length; turn += 1) {
      const driver = drivers[(turn + round) % drivers.length]!;
      let volume: string | null = null;
      if (driver !== "none") {
        volume = `bench-${driver}-${round}`;
        await (driver === "local" ? local(volume) : bench.createVolume(volume));
      }
      const { cold, warm } = await startTwice(bench, `${driver}-${round}`, volume);
      kept.cold[driver].push(cold);
      kept.warm[driver].push(warm);
      const isAlone = driver === "none";
      kept.held[driver].push(
        isAlone ? cold : await startOnce(bench, `${driver}-held-${round}`, held[driver]),
      );
    }
  }
  return rowsOf(times);
}

function emptyTimes(): Times {
  return { cold: ofEach(), warm: ofEach(), held: ofEach() };
}

function ofEach(): Record<Driver, number[]> {
  return { none: [], local: [], swarmnfs: [] };
}

/** Makes volumes of Docker's own driver, each with a directory of its own on the NAS. */
async function localVolumes(
  bench: BenchLab,
  rounds: number,
): Promise<(volume: string) => Promise<unknown>> {
  // As people write it, in the version that ours are mounted with.
  await bench.createVolume("bench-sample");
  const sample = await bench.createContainer("sample", "bench-sample");
  await sample.start();
  const options = await bench.mountOptions(sample);
  const [version = ""] = /\bvers=[\d.]+/.exec(options) ?? [];
  await sample.remove({ force: true });
  progress(`container start: ours are mounted with ${options}; local ones with ${version}`);
  const names = ["held", ...Array.from({ length: rounds + 1 }, (_, round) => round)];
  await bench.nas.must(
    `mkdir -p ${names.map((each) => `${foreignPlace}/bench-local-${each}`).join(" ")}`,
  );
  return (volume) =>
    bench.docker.createVolume({
      Name: volume,
      Driver: "local",
      DriverOpts: {
        type: "nfs",
        o: `addr=${bench.nas.plan.address},${version}`,
        device: `:${foreignPlace}/${volume}`,
      },
    });
}

async function startOnce(bench: BenchLab, name: string, volume: string | null): Promise<number> {
  const container = await bench.createContainer(name, volume);
  const took = await timed(() => container.start());
  await container.remove({ force: true });
  return took;
}

async function startTwice(
  bench: BenchLab,
  name: string,
  volume: string | null,
): Promise<{ readonly cold: number; readonly warm: number }> {
  const container = await bench.createContainer(name, volume);
  const cold = await timed(() => container.start());
  await container.stop();
  const warm = await timed(() => container.start());
  await container.remove({ force: true });
  return { cold, warm };
}

function rowsOf(times: Times): Row[] {
  const bare = [...times.cold.none, ...times.warm.none];
  const rows: Row[] = [
    {
      what: "docker start, without a volume: the engine's own time",
      unit: "ms",
      swarmnfs: null,
      other: { name: "no volume", median: median(bare), p99: quantile(bare, 0.99) },
      ratio: null,
      goals: [],
    },
  ];
  for (const condition of Object.keys(conditions) as Condition[]) {
    const of = times[condition];
    const [ours, theirs] = [extra(of.swarmnfs, of.none), extra(of.local, of.none)];
    // A share of next to nothing says nothing.
    const ratio = theirs.median > 2 * theirs.error ? ours.median / theirs.median : null;
    const goals: Goal[] = condition === "warm" && ratio !== null ? [atMost("ratio", ratio, 1)] : [];
    rows.push(
      {
        what: `docker start, ${condition} (${conditions[condition]}): on top of that`,
        unit: "ms",
        swarmnfs: ours,
        other: { name: "local, nfs", ...theirs },
        ratio,
        goals,
      },
      {
        what: `docker start, ${condition}: all of it`,
        unit: "ms",
        swarmnfs: { median: median(of.swarmnfs), p99: quantile(of.swarmnfs, 0.99) },
        other: {
          name: "local, nfs",
          median: median(of.local),
          p99: quantile(of.local, 0.99),
        },
        ratio: median(of.swarmnfs) / median(of.local),
        goals: [],
      },
    );
  }
  return rows;
}

function extra(
  total: readonly number[],
  bare: readonly number[],
): { readonly median: number; readonly error: number } {
  const differences = total.map((ms, round) => ms - bare[round]!);
  return { median: median(differences), error: medianError(differences) };
}
