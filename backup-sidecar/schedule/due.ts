import { createHash } from "node:crypto";
import { nextTime as timeAfter } from "../../storage/rules/schedule.ts";
import type { Job } from "./job.ts";

/** What is known of a job's past; milliseconds since 1970. */
export interface JobPast {
  readonly startedAt: number;
  /** Null: it was interrupted, or is still going on. */
  readonly endedAt: number | null;
  /** How often it failed since it last succeeded. */
  readonly failures: number;
}

const minute = 60_000;
/** After the first failure, the second, …; then as after the last. Never later than the schedule itself. */
const retryAfter = [5 * minute, 15 * minute, 30 * minute, 60 * minute];
/** A clock may be put right by so much without meaning anything. */
const clockSlackMs = 2 * minute;

/**
 * When a job is to be started (milliseconds since 1970), which may be in the past: what was missed is made up for once.
 * An app that was never backed up is due at once; other jobs that never ran wait for their time after `since`. A start in
 * the future was written by a clock that was wrong, and counts as long ago. Null: the schedule has no next time.
 */
export function dueAt(
  job: Job,
  past: JobPast | null,
  { now, since, jitterMs }: { now: number; since: number; jitterMs: number },
): number | null {
  if (past === null)
    return job.kind === "run" ? since : nextTime(job.cron, since, jitterOf(job, jitterMs));
  if (past.startedAt > now + clockSlackMs) return now;
  const regular = nextTime(job.cron, past.startedAt, jitterOf(job, jitterMs));
  if (past.failures === 0 || regular === null) return regular;
  const delay = retryAfter[Math.min(past.failures, retryAfter.length) - 1] ?? 0;
  return Math.min(regular, (past.endedAt ?? past.startedAt) + delay);
}

/** The same for a job at each time, another one for each app, so that a hundred apps do not start in one moment. */
export function jitterOf({ app, key }: Pick<Job, "app" | "key">, mostMs: number): number {
  if (mostMs === 0) return 0;
  return createHash("sha256").update(`${app}\n${key}`).digest().readUInt32BE() % mostMs;
}

/** The first time of the schedule after the one for which a job was started then. */
export function nextTime(cron: string, started: number, jitter: number): number | null {
  const next = timeAfter(cron, started - jitter);
  return next === null ? null : next + jitter;
}
