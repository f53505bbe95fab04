import { messageOf } from "../../service/message-of.ts";
import type { Tell } from "../../service/notifier/telling.ts";
import { repeat } from "../../service/repeat.ts";
import type { JobPast } from "../schedule/due.ts";
import { type Job, jobsOf } from "../schedule/job.ts";
import type { Scheduled, Scheduler } from "../schedule/scheduler.ts";
import type { Hooks } from "../../service/hooks/hooks.ts";
import { RepositoryTrouble } from "../engine/repository-trouble.ts";
import type { Care } from "./care.ts";
import type { Drilling } from "./drilling.ts";
import type { Overview } from "./overview.ts";
import type { Restoring } from "./restoring.ts";
import type { Running } from "./running.ts";
import { see } from "./seen-history.ts";
import { forReading, type Shared } from "./shared.ts";

interface Parts {
  readonly running: Running;
  readonly care: Care;
  readonly drilling: Drilling;
  readonly restoring: Restoring;
  readonly life: AbortSignal;
  readonly tell: Tell;
}

/** Milliseconds. */
const scheduleEvery = 10_000;
const signEvery = 60_000;
const fillEvery = 3_000;
const tellEvery = 30_000;
const leaseEvery = 30_000;

/** What happens without being asked for. */
export class Rounds implements Scheduled {
  readonly #shared: Shared;
  readonly #parts: Parts;
  readonly #ended: Promise<void>[] = [];
  #toldFailure = "";

  constructor(shared: Shared, parts: Parts) {
    this.#shared = shared;
    this.#parts = parts;
  }

  begin(scheduler: Scheduler, overview: Overview, hooks: Hooks): void {
    const { life, restoring } = this.#parts;
    const { log } = this.#shared;
    const each = (what: string, everyMs: number, round: () => Promise<void>): void => {
      const failed = (error: unknown): void =>
        log.warn({ reason: messageOf(error) }, `${what} failed; it is tried again`);
      this.#ended.push(repeat(everyMs, round, life, failed));
    };
    const begun = (async (): Promise<void> => {
      for (const note of await hooks.recover()) log.warn({ note }, "brought back");
    })().catch((error: unknown) => log.error({ err: error }, "containers could not be looked at"));
    each("the schedule", scheduleEvery, async () => {
      await begun;
      await scheduler.round();
    });
    each("the sign of life", signEvery, () => this.#shared.publish());
    each("filling volumes", fillEvery, () => restoring.round());
    each("the lease", leaseEvery, () => this.#lease(overview));
    each("telling people", tellEvery, () => this.#tell(overview));
    this.#ended.push(this.#seeAll());
  }

  /** To be called when life is over. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#ended);
  }

  async jobs(): Promise<readonly Job[]> {
    const { place, settings, histories } = this.#shared;
    const { volumes } = await place.storage.list();
    const jobs = jobsOf(volumes, settings);
    for (const app of new Set(jobs.map((job) => job.app))) await histories.of(app);
    return jobs;
  }

  past({ app, key }: Job): JobPast | null {
    return this.#shared.histories.known(app)?.jobs[key] ?? null;
  }

  isBusy(app: string): boolean {
    return this.#shared.works.busyWith(app) !== null;
  }

  async start(job: Job): Promise<void> {
    const { running, care, drilling, life } = this.#parts;
    if (job.kind === "run") return running.scheduled(job, life).catch((error) => this.#note(error));
    const { histories, clock } = this.#shared;
    const history = await histories.of(job.app);
    await history.begin(job.key, clock.now());
    let succeeded = false;
    try {
      // An app without any version has nothing to be cared for.
      if (history.known.runs.length > 0 && job.kind === "verify")
        await care.verifyNext(job.app, life);
      if (history.known.runs.length > 0 && job.kind === "prune") await care.pruneNow(job.app, life);
      if (history.known.runs.length > 0 && job.kind === "drill") await drilling.next(job.app, life);
      succeeded = true;
    } catch (error) {
      this.#note(error);
    } finally {
      await history.end(job.key, clock.now(), succeeded);
    }
  }

  /** The same reason again and again is one line. */
  #note(error: unknown): void {
    const reason = messageOf(error);
    if (reason === this.#toldFailure) return;
    this.#toldFailure = reason;
    this.#shared.log.error({ reason }, "what was due could not be done; it is tried again");
  }

  async #lease(overview: Overview): Promise<void> {
    try {
      const isNew = this.#shared.leases.current === null;
      await this.#shared.leases.hold();
      overview.leaseTrouble = null;
      if (isNew) await this.#shared.publish();
    } catch (error) {
      overview.leaseTrouble = messageOf(error);
    }
  }

  async #tell(overview: Overview): Promise<void> {
    const view = await overview.view();
    const problems = overview.problemsIn(view);
    await this.#parts.tell(problems, problems.length === 0);
  }

  /** What is on the server is looked at once, so that everybody knows it although nothing was backed up in this life yet. */
  async #seeAll(): Promise<void> {
    const { target, leases, log, histories } = this.#shared;
    const { life } = this.#parts;
    try {
      // Whoever is in charge makes our place on the server where there is none yet.
      const isInCharge = await leases.hold().then(
        () => true,
        () => false,
      );
      const { remote } = await target.connection(isInCharge);
      const there = await remote.stat("repositories", life);
      const folders = there === null ? [] : await remote.list("repositories", life);
      for (const { name } of folders) await this.#see(name, life);
      log.info({ apps: folders.length, location: target.location }, "the backup server was read");
      for (const { name } of folders) await histories.of(name);
    } catch (error) {
      log.info({ reason: messageOf(error) }, "nothing is known of the backup server yet");
    }
  }

  async #see(app: string, signal: AbortSignal): Promise<void> {
    try {
      await see(this.#shared, await forReading(this.#shared, app, signal), signal);
    } catch (error) {
      const { log } = this.#shared;
      if (error instanceof RepositoryTrouble) log.error({ app, reason: error.message }, "an app");
      else log.warn({ app, reason: messageOf(error) }, "an app could not be looked at");
    }
  }
}
