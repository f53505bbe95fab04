import { rfc3339 } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import type { Problem } from "../../service/notifier/incident.ts";
import { version } from "../../service/version.ts";
import type { AppBackupView, BackupView } from "../../storage/backup/verbs.ts";
import type { BackupStatus } from "../../storage/records/backup-status.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { configsApp, cronOf } from "../schedule/job.ts";
import { appView } from "../status/app-view.ts";
import type { VolumeFacts } from "../status/late.ts";
import { backedUp, type Shared } from "./shared.ts";

/** How it stands with the whole service and each app. */
export class Overview {
  readonly #shared: Shared;
  readonly #next: (app: string) => number | null;
  readonly #since: number;
  /** Why the lease could not be had when it was last tried. */
  leaseTrouble: string | null = null;

  constructor(shared: Shared, next: (app: string) => number | null) {
    this.#shared = shared;
    this.#next = next;
    this.#since = shared.clock.now();
  }

  async view(): Promise<BackupView> {
    const { settings, target } = this.#shared;
    const { apps, trouble } = await this.#apps();
    return {
      version,
      node: settings.node,
      storageName: settings.storageName,
      server: target.location ?? "the backup server (not reached yet)",
      trouble: trouble ?? this.leaseTrouble ?? target.trouble,
      apps,
    };
  }

  /** What people should be told of. */
  problemsIn({ apps, trouble }: BackupView): Problem[] {
    const problems = apps.flatMap(problemOf);
    if (trouble === null) return problems;
    return [
      { key: "service", title: "Nothing can be backed up at the moment", text: trouble },
      ...problems,
    ];
  }

  async #apps(): Promise<{ apps: AppBackupView[]; trouble: string | null }> {
    const { histories, versions, settings } = this.#shared;
    let trouble: string | null = null;
    let wanted: Awaited<ReturnType<typeof backedUp>> = new Map();
    try {
      wanted = await backedUp(this.#shared);
    } catch (error) {
      trouble = messageOf(error);
    }
    const known = Object.values(versions.volumes).map(({ app }) => app);
    const configs = settings.nfsConfigs ? [configsApp] : [];
    const names = [...new Set([...wanted.keys(), ...configs, ...known])].toSorted();
    for (const app of names) await histories.of(app);
    const volumesOf = (app: string): VolumeFacts[] =>
      app === configsApp
        ? configs.map((name) => ({ name, cron: settings.schedule, since: this.#since }))
        : (wanted.get(app) ?? []).map((record) => this.#volume(record)).toSorted(byName);
    return { apps: names.flatMap((app) => this.#app(app, volumesOf(app))), trouble };
  }

  #volume(record: VolumeRecord): VolumeFacts {
    const { schedule } = this.#shared.settings;
    const since = Math.max(this.#since, Date.parse(record.createdAt));
    return { name: record.name, cron: cronOf(record, schedule), since };
  }

  #app(app: string, volumes: readonly VolumeFacts[]): AppBackupView[] {
    const { histories, versions, works, clock, settings } = this.#shared;
    const history = histories.known(app);
    if (history === null) return [];
    const own = Object.entries(versions.volumes).filter(([, each]) => each.app === app);
    const suspect = own.flatMap(([volume, { suspect: reason }]) =>
      typeof reason === "string" ? [{ volume, reason }] : [],
    );
    const facts = {
      app,
      volumes,
      history,
      suspect,
      running: works.busyWith(app) === "run",
      next: this.#next(app),
    };
    const view = appView(facts, { ...settings, now: clock.now() });
    const snapshots = own.reduce((sum, [, each]) => sum + each.snapshots.length, 0);
    return [{ ...view, snapshots }];
  }
}

function byName(a: VolumeFacts, b: VolumeFacts): number {
  return a.name < b.name ? -1 : 1;
}

/** The document that everybody on the storage reads. */
export function signOf({ settings, versions, clock, histories }: Shared): BackupStatus {
  const apps = new Set(Object.values(versions.volumes).map(({ app }) => app));
  const drills = [...apps].toSorted().flatMap((app) => {
    const drill = histories.known(app)?.drill;
    return drill ? [[app, { at: drill.at, ok: drill.ok }] as const] : [];
  });
  return {
    schema: 1,
    node: settings.node,
    version,
    seenAt: rfc3339(clock.now()),
    volumes: versions.volumes,
    drills: Object.fromEntries(drills),
  };
}

const titles: Partial<Record<AppBackupView["state"], string>> = {
  failed: "could not be backed up",
  overdue: "has no good backup for too long",
  suspect: "looks destroyed",
  degraded: "has a damaged backup",
  partial: "was backed up only in part",
};

function problemOf({ app, state, reason }: AppBackupView): Problem[] {
  const title = titles[state];
  if (title === undefined) return [];
  return [
    {
      key: `${state} ${app}`,
      title: `App "${app}" ${title}`,
      text: reason ?? "See: swarmnfs backup status",
    },
  ];
}
