import { backupSilentMs } from "../records/backup-status.ts";
import type { Review } from "../storage.ts";
import type { VolumeView } from "../verbs.ts";

const dayMs = 86_400_000;
/** A volume that is backed up as all are is late after so long; one with a schedule of its own may mean once a week. */
const lateMs = 2 * dayMs;
const lateOwnMs = 8 * dayMs;

export interface BackupReport {
  readonly node: string;
  readonly version: string;
  readonly seenAt: string;
  /** It has shown no sign of life for too long. */
  readonly isSilent: boolean;
  /** Those that need somebody first, then by name. */
  readonly volumes: readonly VolumeBackup[];
  /** By name of the app; null: it was never restored for practice. */
  readonly drills: readonly {
    readonly app: string;
    readonly drill: { readonly at: string; readonly ok: boolean } | null;
  }[];
}

export interface VolumeBackup {
  readonly volume: string;
  readonly app: string;
  /** `off`: it asks for none; `new`: it is too young to have one. */
  readonly state: "ok" | "late" | "never" | "suspect" | "off" | "new";
  readonly lastGood: string | null;
  readonly versions: number;
  /** Why its source looks destroyed, or null. */
  readonly suspect: string | null;
}

export interface BackupFacts {
  readonly volumes: readonly Pick<VolumeView, "record">[];
  readonly review: Pick<Review, "backup">;
  readonly now: number;
}

/** How the volumes that are there are backed up. Pure. */
export function backupReport({ volumes, review, now }: BackupFacts): BackupReport | null {
  const { backup } = review;
  if (backup === null) return null;
  const rows = volumes
    .filter(({ record }) => !record.root && record.state === "ready")
    .map(({ record }): VolumeBackup => {
      const known = Object.hasOwn(backup.volumes, record.name) ? backup.volumes[record.name] : null;
      const lastGood = known?.lastGood ?? null;
      const suspect = known?.suspect ?? null;
      return {
        volume: record.name,
        app: record.app,
        state: stateOf(record, lastGood, suspect, now),
        lastGood,
        versions: known?.versions ?? 0,
        suspect,
      };
    });
  const apps = [...new Set(rows.filter(({ state }) => state !== "off").map(({ app }) => app))];
  return {
    node: backup.node,
    version: backup.version,
    seenAt: backup.seenAt,
    isSilent: now - Date.parse(backup.seenAt) > backupSilentMs,
    volumes: rows.toSorted((a, b) => rank(a) - rank(b) || (a.volume < b.volume ? -1 : 1)),
    drills: apps.toSorted().map((app) => ({
      app,
      drill: Object.hasOwn(backup.drills, app) ? (backup.drills[app] ?? null) : null,
    })),
  };
}

function stateOf(
  { backup, createdAt }: VolumeView["record"],
  lastGood: string | null,
  suspect: string | null,
  now: number,
): VolumeBackup["state"] {
  if (suspect !== null) return "suspect";
  if (backup === "off") return "off";
  const allowed = backup === "default" ? lateMs : lateOwnMs;
  if (lastGood === null) return now - Date.parse(createdAt) > allowed ? "never" : "new";
  return now - Date.parse(lastGood) > allowed ? "late" : "ok";
}

const order: readonly VolumeBackup["state"][] = ["suspect", "never", "late", "ok", "new", "off"];

function rank({ state }: VolumeBackup): number {
  return order.indexOf(state);
}
