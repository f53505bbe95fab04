import { join } from "node:path";
import { messageOf } from "../../service/message-of.ts";
import type { WorkProgress } from "../../storage/backup/verbs.ts";
import type { Progress } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";
import { runApp } from "../engine/run.ts";
import { configsApp, type Job, jobsOf } from "../schedule/job.ts";
import { configsName, configsSource, type ConfigsSource } from "../source/configs.ts";
import { sourceView } from "../source/source-view.ts";
import type { Attending, Work } from "./app-works.ts";
import { backedUp, forWriting, type Shared } from "./shared.ts";

/** Backs apps up, on schedule and when somebody asks. */
export class Running {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** All volumes of an app; a run of it that is going on is waited for. */
  async now(app: string, attending: Attending): Promise<RunReport> {
    const { place, settings } = this.#shared;
    const { volumes } = await place.storage.list();
    const jobs = jobsOf(volumes, settings).filter((job) => job.app === app && job.kind === "run");
    return this.#do(app, jobs, attending, true);
  }

  /** What is due of one app. */
  async scheduled(job: Job, signal: AbortSignal): Promise<void> {
    await this.#do(job.app, [job], { signal }, false);
  }

  #do(app: string, jobs: readonly Job[], attending: Attending, joins: boolean): Promise<RunReport> {
    return this.#shared.works.do(
      app,
      "run",
      (work) => this.#run(app, jobs, work),
      attending,
      joins,
    );
  }

  async #run(app: string, jobs: readonly Job[], work: Work): Promise<RunReport> {
    const { histories, clock, log } = this.#shared;
    const history = await histories.of(app);
    for (const { key } of jobs) await history.begin(key, clock.now());
    let succeeded = false;
    try {
      const wanted = jobs.flatMap(({ volumes }) => volumes);
      const report = await this.#save(app, new Set(wanted), work);
      succeeded = report.outcome !== "failed" && report.outcome !== "interrupted";
      await history.ran(report, app === configsApp ? [configsName] : wanted);
      const { outcome, notes } = report;
      if (succeeded) log.info({ app, outcome, notes }, "backed up");
      else log.error({ app, outcome, notes }, "not backed up");
      return report;
    } catch (error) {
      log.error({ app, reason: messageOf(error) }, "not backed up");
      throw error;
    } finally {
      for (const { key } of jobs) await history.end(key, clock.now(), succeeded);
    }
  }

  async #save(app: string, wanted: ReadonlySet<string>, work: Work): Promise<RunReport> {
    const shared = this.#shared;
    const tell = (volume: string | null, doing: string, progress: Progress | null): void =>
      work.tell(toldOf(shared, app, volume, doing, progress));
    tell(null, "connecting", null);
    const { held, connection } = await forWriting(shared);
    const records = (await backedUp(shared)).get(app) ?? [];
    const volumes = records
      .filter(({ name }) => wanted.has(name))
      .map((record) => sourceView(shared.views, record));
    const configs = app === configsApp ? await this.#configs() : null;
    return runApp(shared.runWorld(connection), {
      app,
      sources: configs === null ? volumes : [configs.view],
      notes: configs?.notes ?? [],
      held,
      onProgress: (volume, progress) => tell(volume, "saving", progress),
      signal: work.signal,
    });
  }

  /** The catalog, and what an administrator mounted at /configs and /logs so that it is saved too. */
  #configs(): Promise<ConfigsSource> {
    const { place, settings, views } = this.#shared;
    return configsSource({
      root: place.root,
      scratch: join(settings.state, "configs"),
      mountPoint: views.mountPoint,
      extra: { configs: "/configs", logs: "/logs" },
    });
  }
}

/** How far a work is, as people are told. */
export function toldOf(
  { target }: Pick<Shared, "target">,
  app: string,
  volume: string | null,
  doing: string,
  progress: Progress | null,
): WorkProgress {
  return {
    app,
    volume,
    doing,
    files: progress?.files ?? 0,
    totalFiles: progress?.totalFiles ?? null,
    bytes: progress?.bytes ?? 0,
    totalBytes: progress?.totalBytes ?? null,
    secondsLeft: progress?.secondsLeft ?? null,
    waiting: target.waiting,
  };
}
