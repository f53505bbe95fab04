import type { VolumeStatus } from "../verbs.ts";
import type { ReportFacts } from "./report.ts";
import { type Trend, fullOn, trendOf } from "./trend.ts";

export interface VolumeReport {
  readonly volume: string;
  readonly app: string;
  /** Bytes; null: not counted yet. */
  readonly used: number | null;
  readonly files: number | null;
  /** Its limit, or null. */
  readonly size: number | null;
  readonly trend: Trend;
  /** A day on which its own limit is reached; null: none, or not within two years, as far as can be said. */
  readonly fullOn: string | null;
  readonly health: VolumeStatus["health"];
  readonly mountedOn: readonly string[];
  /** When a node last had it mounted; null: none was seen to. */
  readonly lastUse: string | null;
  /** What it held on each day of the disk's history; null: not known. */
  readonly history: readonly (number | null)[];
}

/** All but those that have no directory of their own, the largest first. Pure. */
export function volumeReports({ volumes, review, now }: ReportFacts): VolumeReport[] {
  const moments = review.days.map(({ at }) => Date.parse(at));
  return volumes
    .filter(({ record }) => !record.root)
    .map(({ record, status, usage }) => {
      const history = own(review.volumes, record.name) ?? [];
      const points = history.flatMap((bytes, index) =>
        bytes === null ? [] : [{ at: moments[index] ?? 0, bytes }],
      );
      const newest = usage === null ? [] : [{ at: Date.parse(usage.at), bytes: usage.bytes }];
      const trend = trendOf([...points, ...newest]);
      const used = usage?.bytes ?? null;
      const room = record.size === null || used === null ? null : record.size - used;
      return {
        volume: record.name,
        app: record.app,
        used,
        files: usage?.files ?? null,
        size: record.size,
        trend,
        fullOn: room === null ? null : fullOn(trend, room, now),
        health: status.health,
        mountedOn: status.mountedOn,
        lastUse: own(review.lastUse, record.name) ?? null,
        history,
      };
    })
    .toSorted((a, b) => (b.used ?? -1) - (a.used ?? -1) || (a.volume < b.volume ? -1 : 1));
}

function own<T>(all: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
