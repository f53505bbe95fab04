import type { Review, StorageHealth, TrashEntry } from "../storage.ts";
import type { PluginStatus, ReviewView, VolumeView } from "../verbs.ts";
import { attentionOf, type Attention } from "./attention.ts";
import { type BackupReport, backupReport } from "./backup-report.ts";
import { type Trend, fullOn, trendOf } from "./trend.ts";
import { type UnusedVolume, unusedVolumes } from "./unused.ts";
import { type VolumeReport, volumeReports } from "./volume-report.ts";

const dayMs = 86_400_000;
/** How far back a report looks, and since when nobody used what it calls unused, unless it is said. */
export const usualSinceMs = 90 * dayMs;
export const usualUnusedMs = 30 * dayMs;

/** Who looks, and how the storage is. */
export type ReportStatus = Pick<
  PluginStatus,
  "storage" | "node" | "version" | "health" | "trouble" | "damaged"
>;

/** Everything a report is made from. */
export interface ReportFacts {
  readonly status: ReportStatus;
  readonly volumes: readonly VolumeView[];
  readonly trash: readonly TrashEntry[];
  readonly review: ReviewView;
  /** The beginning of the time that is looked at, and its end: milliseconds. */
  readonly since: number;
  readonly now: number;
  /** Since when nobody used what is called unused, milliseconds. */
  readonly unusedMs: number;
}

/** How it stands with a storage: what `swarmnfs report --json` prints. Sizes are bytes, times RFC 3339. */
export interface Report {
  readonly schema: 1;
  readonly at: string;
  readonly since: string;
  readonly storage: string;
  readonly node: string;
  readonly version: string;
  /** What should be looked at first, the worst in front. */
  readonly attention: readonly Attention[];
  /** Null while the storage cannot be asked. */
  readonly disk: DiskReport | null;
  /** The largest first. */
  readonly volumes: readonly VolumeReport[];
  readonly unused: {
    /** What was looked at for people who want them: services of the swarm, containers of this node, or nothing. */
    readonly scope: ReviewView["wanted"]["scope"];
    readonly days: number;
    readonly volumes: readonly UnusedVolume[];
  };
  readonly trash: readonly TrashReport[];
  readonly drift: readonly { readonly volume: string; readonly differences: readonly string[] }[];
  /** Null: there is no backup service. */
  readonly backup: BackupReport | null;
  /** As this node sees them, the slowest first. */
  readonly slow: ReviewView["slow"];
}

export interface DiskReport {
  readonly total: number;
  readonly used: number;
  readonly free: number;
  readonly state: StorageHealth["state"];
  readonly notes: readonly string[];
  readonly trend: Trend;
  /** A day; null: not within two years, as far as can be said. */
  readonly fullOn: string | null;
  readonly history: Review["days"];
}

export interface TrashReport {
  readonly entry: string;
  readonly app: string;
  readonly removedAt: string;
  readonly purgeAt: string;
}

/** Pure. */
export function reportOf(facts: ReportFacts): Report {
  const { status, volumes, trash, review, since, now, unusedMs } = facts;
  const seen = volumeReports(facts);
  const report = {
    schema: 1 as const,
    at: new Date(now).toISOString(),
    since: new Date(since).toISOString(),
    storage: status.storage,
    node: status.node,
    version: status.version,
    disk: status.health === null ? null : diskReport(status.health, review, now),
    volumes: seen,
    unused: {
      scope: review.wanted.scope,
      days: Math.round(unusedMs / dayMs),
      volumes: unusedVolumes(facts),
    },
    trash: trash.map(({ id, record }) => ({
      entry: id,
      app: record.volume.app,
      removedAt: record.removedAt,
      purgeAt: record.purgeAt,
    })),
    drift: volumes.flatMap(({ record, status: { drift = [] } }) =>
      drift.length === 0 ? [] : [{ volume: record.name, differences: drift }],
    ),
    backup: backupReport(facts),
    slow: review.slow,
  };
  return { ...report, attention: attentionOf(report, status, now) };
}

function diskReport(health: StorageHealth, { days }: Review, now: number): DiskReport {
  const { total, free, state, notes } = health;
  // A disk that was made larger or smaller is another one.
  const own = days.filter((day) => Math.abs(day.total - total) <= total * 0.01);
  const points = own.map((day) => ({ at: Date.parse(day.at), bytes: day.total - day.free }));
  const trend = trendOf([...points, { at: now, bytes: total - free }]);
  return {
    total,
    used: total - free,
    free,
    state,
    notes,
    trend,
    fullOn: fullOn(trend, free, now),
    history: days,
  };
}
