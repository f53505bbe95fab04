import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { dueAt, type JobPast } from "./due.ts";
import type { Job } from "./job.ts";

/** What the scheduler needs of the rest. */
export interface Scheduled {
  /** All jobs there are now. */
  jobs(): Promise<readonly Job[]>;
  /** Null: it never ran. */
  past(job: Job): JobPast | null;
  /** Does it, and settles when it is over. Rejects only for mistakes of ours. */
  start(job: Job): Promise<void>;
  /** Whether an app is busy with whatever somebody asked for. */
  isBusy(app: string): boolean;
}

export interface SchedulerSettings {
  /** How many apps at once. */
  readonly parallel: number;
  readonly jitterMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts what is due: one job of an app at a time, a few apps at once, the one that waits for longest first. Backups go
 * before the care for the repository. What was missed while nobody ran is made up for once.
 */
export class Scheduler {
  readonly #scheduled: Scheduled;
  readonly #settings: SchedulerSettings;
  readonly #since: number;
  readonly #running = new Map<string, Promise<void>>();
  #jobs: readonly Job[] = [];

  constructor(scheduled: Scheduled, settings: SchedulerSettings) {
    this.#scheduled = scheduled;
    this.#settings = settings;
    this.#since = settings.clock.now();
  }

  /** Looks once, and starts what is due as far as there is room. */
  async round(): Promise<void> {
    this.#jobs = await this.#scheduled.jobs();
    const now = this.#settings.clock.now();
    const due = this.#jobs
      .map((job) => ({ job, at: this.#dueAt(job) }))
      .filter(({ at }) => at !== null && at <= now)
      .toSorted((a, b) => rank(a.job) - rank(b.job) || (a.at ?? 0) - (b.at ?? 0));
    for (const { job } of due) this.#start(job);
  }

  /** When an app is backed up next (milliseconds since 1970); null: never. */
  next(app: string): number | null {
    const times = this.#jobs
      .filter((job) => job.app === app && job.kind === "run")
      .map((job) => this.#dueAt(job))
      .filter((at) => at !== null);
    return times.length === 0 ? null : Math.max(Math.min(...times), this.#settings.clock.now());
  }

  /** Settles when nothing is running any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values());
  }

  #start(job: Job): void {
    const { parallel, log } = this.#settings;
    const { app, kind } = job;
    if (this.#running.size >= parallel || this.#running.has(app)) return;
    if (this.#scheduled.isBusy(app)) return;
    const work = this.#scheduled
      .start(job)
      .catch((error: unknown) => log.error({ err: error, app, kind }, "a scheduled job broke"))
      .finally(() => this.#running.delete(app));
    this.#running.set(app, work);
  }

  #dueAt(job: Job): number | null {
    const { clock, jitterMs } = this.#settings;
    const now = clock.now();
    // A clock that was put back must not keep anything waiting.
    const since = Math.min(this.#since, now);
    return dueAt(job, this.#scheduled.past(job), { now, since, jitterMs });
  }
}

function rank({ kind }: Job): number {
  return kind === "run" ? 0 : 1;
}
