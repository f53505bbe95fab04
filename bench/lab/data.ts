import { progress } from "../progress.ts";
import { atLeast, type Row, type Value } from "../row.ts";
import { median, medianError } from "../sample.ts";
import type { BenchLab } from "./bench-lab.ts";
import { jobs, runFio, type Job } from "./fio.ts";

const volume = "bench-data";
const byHand = "/mnt/by-hand";
const patience = 120_000;

const names = Object.keys(jobs) as Job[];

/** What one job reached, by round. */
type Speeds = Record<Job, number[]>;

/**
 * What fio reaches in a volume of a running container, against the same directory of the same export mounted by hand with
 * the same options, in turn.
 */
export async function measureData(bench: BenchLab, rounds: number): Promise<Row[]> {
  progress("data: a container with a volume, and its directory mounted by hand");
  await bench.createVolume(volume);
  const container = await bench.createContainer("works", volume);
  await container.start();
  const options = await bench.mountOptions(container);
  await bench.node.must(
    `mkdir -p ${byHand} && mount -t nfs4 -o ${options} nas.lan:${bench.directoryOf(volume)} ${byHand}`,
    { timeout: patience },
  );
  const { State } = await container.inspect();
  const places = { ours: `/proc/${State.Pid}/root/data`, theirs: byHand };
  const speeds = { ours: emptySpeeds(), theirs: emptySpeeds() };
  for (let round = 0; round <= rounds; round += 1) {
    progress(`data: round ${round} of ${rounds}`);
    const turns = round % 2 === 0 ? (["ours", "theirs"] as const) : (["theirs", "ours"] as const);
    for (const side of turns) {
      const reached = await runFio(bench.node, places[side]);
      if (round === 0) continue; // warms up
      for (const job of names) speeds[side][job].push(reached[job]);
    }
  }
  await bench.node.must(`umount ${byHand}`, { timeout: patience });
  await container.remove({ force: true });
  return names.map((job) => rowOf(job, speeds.ours[job], speeds.theirs[job]));
}

function emptySpeeds(): Speeds {
  return { write: [], read: [], create: [], stat: [], unlink: [] };
}

/** The ratio is that of each round: both sides of it met the same moment of a busy machine. */
function rowOf(job: Job, ours: readonly number[], theirs: readonly number[]): Row {
  const ratios = ours.map((speed, round) => speed / theirs[round]!);
  const ratio = median(ratios);
  const { unit, what } = jobs[job];
  return {
    what: `fio in a volume: ${what}`,
    unit,
    swarmnfs: valueOf(ours),
    other: { name: "mounted by hand", ...valueOf(theirs) },
    ratio,
    ratioError: medianError(ratios),
    goals: [atLeast("ratio", ratio, 0.98)],
  };
}

function valueOf(speeds: readonly number[]): Value {
  return { median: median(speeds), error: medianError(speeds) };
}
