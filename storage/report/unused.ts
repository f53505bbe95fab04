import type { VolumeView } from "../verbs.ts";
import type { ReportFacts } from "./report.ts";

const dayMs = 86_400_000;

/** A volume that nobody has mounted for long, and that nobody who could be asked wants. */
export interface UnusedVolume {
  readonly volume: string;
  /** Another one of that name is not meant. */
  readonly id: string;
  readonly app: string;
  /** Bytes; null: not counted yet. */
  readonly used: number | null;
  /** When a node last had it mounted. Null: none was ever seen to, which a storage may also have forgotten. */
  readonly lastUse: string | null;
  /** For how many days: since it was last used, or made. */
  readonly days: number;
  readonly onRemove: VolumeView["record"]["onRemove"];
}

/** The largest first. Pure. */
export function unusedVolumes(
  facts: Pick<ReportFacts, "volumes" | "review" | "now" | "unusedMs">,
): UnusedVolume[] {
  const { volumes, review, now, unusedMs } = facts;
  return volumes
    .filter((view) => isIdle(view) && !Object.hasOwn(review.wanted.by, view.record.name))
    .flatMap(({ record, usage }) => {
      const lastUse = Object.hasOwn(review.lastUse, record.name)
        ? (review.lastUse[record.name] ?? null)
        : null;
      const idle = now - Date.parse(lastUse ?? record.createdAt);
      if (!(idle >= unusedMs)) return [];
      return [
        {
          volume: record.name,
          id: record.id,
          app: record.app,
          used: usage?.bytes ?? null,
          lastUse,
          days: Math.floor(idle / dayMs),
          onRemove: record.onRemove,
        },
      ];
    })
    .toSorted((a, b) => (b.used ?? -1) - (a.used ?? -1) || (a.volume < b.volume ? -1 : 1));
}

function isIdle({ record, status, uses }: VolumeView): boolean {
  if (record.root || record.state !== "ready") return false;
  return uses.length === 0 && status.mountedOn.length === 0 && status.state === "idle";
}
