import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { BackupSettings } from "../settings.ts";

export type JobKind = "run" | "verify" | "prune" | "drill";

/** Something that is done for one app again and again. */
export interface Job {
  /** Tells it from the app's other jobs, over restarts: `run 0 3 * * *`. */
  readonly key: string;
  readonly kind: JobKind;
  readonly app: string;
  readonly cron: string;
  /** Volumes of a `run`; empty for the other kinds, which are about the whole repository. */
  readonly volumes: readonly string[];
}

/** The app under which the catalog and the configuration of the storage node are backed up. */
export const configsApp = "nfs_configs";

type Schedules = Pick<
  BackupSettings,
  "schedule" | "verifySchedule" | "pruneSchedule" | "drillSchedule" | "nfsConfigs"
>;

/** Whether there is anything in it to be saved. */
export function isBackedUp({ state, root, backup }: VolumeRecord): boolean {
  return !root && backup !== "off" && (state === "ready" || state === "retained");
}

/** The jobs of all apps, in the order of their names. Volumes of one app with the same schedule are saved in one run. */
export function jobsOf(volumes: readonly VolumeRecord[], schedules: Schedules): Job[] {
  const apps = Map.groupBy(volumes.filter(isBackedUp), ({ app }) => app);
  const jobs: Job[] = [];
  for (const [app, own] of apps)
    jobs.push(...runsOf(app, own, schedules.schedule), ...careOf(app, schedules));
  if (schedules.nfsConfigs)
    jobs.push(run(configsApp, schedules.schedule, []), ...careOf(configsApp, schedules));
  return jobs.toSorted((a, b) => compare(a.app, b.app));
}

/** The schedule of a volume; `usual` is that of the service. */
export function cronOf({ backup }: Pick<VolumeRecord, "backup">, usual: string): string {
  return backup === "default" ? usual : backup.trim();
}

/** The key of the job that saves volumes with this schedule. */
export function runKey(cron: string): string {
  return `run ${cron}`;
}

function runsOf(app: string, own: readonly VolumeRecord[], usual: string): Job[] {
  const crons = Map.groupBy(own, (record) => cronOf(record, usual));
  return [...crons].map(([cron, volumes]) =>
    run(app, cron, volumes.map(({ name }) => name).toSorted(compare)),
  );
}

function run(app: string, cron: string, volumes: readonly string[]): Job {
  return { key: runKey(cron), kind: "run", app, cron, volumes };
}

function careOf(app: string, schedules: Schedules): Job[] {
  const crons = {
    verify: schedules.verifySchedule,
    prune: schedules.pruneSchedule,
    drill: schedules.drillSchedule,
  };
  return (["verify", "prune", "drill"] as const).map((kind) => ({
    key: kind,
    kind,
    app,
    cron: crons[kind],
    volumes: [],
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
