import { join } from "node:path";
import type { BackupAnswer, BackupRequest, DrillView } from "../../storage/backup/verbs.ts";
import type { Talk } from "../control/commands.ts";
import { drillApp } from "../drill/drill-app.ts";
import type { DrillReport } from "../drill/drill.ts";
import { sourceView } from "../source/source-view.ts";
import type { Work } from "./app-works.ts";
import { toldOf } from "./running.ts";
import { backedUp, chosenApps, forReading, knownApps, type Shared } from "./shared.ts";

/** Restores for practice, every week and when somebody asks. */
export class Drilling {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async drill(
    { apps }: BackupRequest<"drill">,
    talk: Talk<"drill">,
  ): Promise<BackupAnswer<"drill">> {
    const reports: DrillView[] = [];
    const onProgress = talk.progress.bind(talk);
    for (const app of chosenApps(apps, await knownApps(this.#shared)))
      reports.push(viewOf(await this.#do(app, { signal: talk.signal, onProgress })));
    return { reports };
  }

  /** One app's, as it happens every week. */
  async next(app: string, signal: AbortSignal): Promise<void> {
    const report = await this.#do(app, { signal });
    const { problems } = viewOf(report);
    if (!report.ok) this.#shared.log.error({ app, problems }, "a restore for practice failed");
  }

  #do(app: string, attending: Parameters<Shared["works"]["do"]>[3]): Promise<DrillReport> {
    return this.#shared.works.do(app, "drill", (work) => this.#work(app, work), attending, true);
  }

  async #work(app: string, work: Work): Promise<DrillReport> {
    const shared = this.#shared;
    work.tell(toldOf(shared, app, null, "restoring for practice", null));
    const repository = await forReading(shared, app, work.signal);
    const records = (await backedUp(shared)).get(app) ?? [];
    // A mount point of its own, so that a drill and a restore do not meet there.
    const views = { ...shared.views, mountPoint: join(shared.views.mountPoint, "..", "restore") };
    const sources = records.map((record) => sourceView(views, record));
    const scratch = join(shared.settings.cache, "drill");
    const report = await drillApp(
      repository,
      sources,
      { scratch, clock: shared.clock },
      work.signal,
    );
    await (await shared.histories.of(app)).drilled(report);
    return report;
  }
}

function viewOf({ app, ok, volumes }: DrillReport): DrillView {
  return {
    app,
    ok,
    files: volumes.reduce((sum, { sampled }) => sum + sampled, 0),
    bytes: volumes.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: volumes.flatMap(({ volume, problems }) =>
      problems.map((problem) => `${volume}: ${problem}`),
    ),
  };
}
