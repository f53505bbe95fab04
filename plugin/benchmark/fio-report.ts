import * as z from "zod";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { Measure } from "./profiles.ts";

/** What one run reached of one measure. */
export interface Reading {
  /** In the unit of its figure. */
  readonly rate: number;
  readonly bytesPerSecond: number;
  readonly iops: number;
  /** Milliseconds. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** The file system cannot leave the node's memory out (O_DIRECT). */
export class NoDirect extends Error {}

const percentiles = z.record(z.string(), z.number()).optional();
const side = z.looseObject({
  bw_bytes: z.number(),
  iops: z.number(),
  clat_ns: z.looseObject({ mean: z.number(), percentile: percentiles }),
});
const report = z.looseObject({
  jobs: z.array(
    z.looseObject({
      jobname: z.string(),
      error: z.number(),
      read: side,
      write: side,
      sync: z.looseObject({ lat_ns: z.looseObject({ percentile: percentiles }).optional() }),
    }),
  ),
});
type Job = z.infer<typeof report>["jobs"][number];

const errors = { noSuchDirect: 22, noSpace: 28, quota: 122, readOnly: 30 };

/**
 * Understands what fio said with `--output-format=json`, by the id of the measure. Throws `NoDirect` when it was refused
 * O_DIRECT, `UserError` (full, read-only) for what the disk says, `UserError` (unavailable) for anything else that is not
 * the whole report of these measures.
 */
export function readFio(
  said: string,
  wanted: readonly Measure[],
  direct: boolean,
): ReadonlyMap<string, Reading> {
  const jobs = jobsIn(said);
  for (const { jobname, error } of jobs) {
    if (error === errors.noSuchDirect && direct && jobname === "database-mixed")
      throw new NoDirect(`${jobname}: no O_DIRECT`);
    if (error !== 0) throw failed(jobname, error);
  }
  return new Map(
    wanted.map((measure) => {
      const job = jobs.find(({ jobname }) => jobname === measure.job);
      if (job === undefined) throw odd(`it says nothing of ${measure.job}`, said);
      return [measure.id, readingOf(job, measure)];
    }),
  );
}

function jobsIn(said: string): readonly Job[] {
  // What goes wrong is said in lines before it.
  const begin = said.search(/^\{\s*$/m);
  if (begin === -1) throw odd("it has no report", said);
  try {
    return report.parse(JSON.parse(said.slice(begin, said.lastIndexOf("}") + 1))).jobs;
  } catch (error) {
    throw odd(`its report cannot be read (${messageOf(error).split("\n")[0]})`, said);
  }
}

function readingOf(job: Job, measure: Measure): Reading {
  const { bw_bytes, iops, clat_ns } = job[measure.side];
  const all = { transfer: clat_ns.percentile, sync: job.sync.lat_ns?.percentile, none: undefined };
  const times = all[measure.times];
  const rate = measure.byTime === true ? 1e9 / clat_ns.mean : iops;
  return {
    rate: measure.unit === "bytes/s" ? bw_bytes : rate,
    bytesPerSecond: bw_bytes,
    iops: rate,
    p50: milliseconds(times?.["50.000000"]),
    p99: milliseconds(times?.["99.000000"]),
  };
}

function milliseconds(nanoseconds: number | undefined): number | null {
  return nanoseconds === undefined ? null : nanoseconds / 1e6;
}

function failed(job: string, error: number): UserError {
  if (error === errors.noSpace || error === errors.quota)
    return new UserError(
      "full",
      "there was no room left while it was measured. What was written is taken away again. Make room, or measure less: --quick, --profile",
    );
  if (error === errors.readOnly)
    return new UserError("read-only", "it became read-only while it was measured");
  return new UserError("unavailable", `fio could not do its job "${job}": error ${error}`);
}

function odd(what: string, said: string): UserError {
  const line = said.trim().split("\n", 1)[0]?.slice(0, 300) ?? "";
  return new UserError("unavailable", `fio did not do what was asked: ${what}. It said: ${line}`);
}
