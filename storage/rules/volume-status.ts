import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { fillText } from "./fill.ts";
import { volumeFolders } from "./volume-path.ts";
import type { StorageHealth, Usage } from "../storage.ts";
import type { VolumeStatus } from "../verbs.ts";

/** Everything a volume's status is computed from; nothing else is asked. */
export interface StatusFacts {
  readonly record: VolumeRecord;
  readonly app: AppRecord | null;
  readonly storage: string;
  readonly here: { readonly state: "mounting" | "mounted" | "idle"; readonly since: string | null };
  /** Why the storage cannot be used now, and since when. */
  readonly trouble: { readonly reason: string; readonly since: string } | null;
  readonly health: StorageHealth | null;
  /** Since when `health` says the same. */
  readonly healthSince: string;
  readonly usage: Usage | null;
  /** RFC 3339: when a node last used it, or null if none was seen to. */
  readonly lastUse: string | null;
  /** RFC 3339: when it was last backed up whole, or null. */
  readonly lastSnapshot: string | null;
  readonly mountedOn: readonly string[];
  readonly drift: readonly string[];
  readonly warnings: readonly string[];
  /** Why its containers on this node wait for a server that has moved; null where none does. */
  readonly left: string | null;
  readonly damage: string | null;
}

/** What `docker volume inspect` shows as `Status`. Pure; answers from memory in microseconds. */
export function statusOf(facts: StatusFacts): VolumeStatus {
  const { record, app, usage } = facts;
  const health = healthOf(facts);
  const filling = fillText(record);
  return {
    app: record.app,
    storage: facts.storage,
    path: volumeFolders(record).join("/") || ".",
    state: record.state === "ready" ? facts.here.state : record.state,
    health: health.health,
    ...(health.reason === undefined ? {} : { reason: health.reason }),
    ...(filling === null ? {} : { filling }),
    since: health.since ?? facts.here.since ?? facts.lastUse ?? record.createdAt,
    services: (record.services ?? servicesOf(app)).join(","),
    hosts: (record.hosts ?? app?.hosts ?? ["*"]).join(","),
    access: record.access,
    ...(app?.owner
      ? {
          owner: `${app.owner.kind} ${app.owner.name} (first, since ${app.owner.since.slice(0, 10)})`,
        }
      : {}),
    ...(record.size === null ? {} : { size: record.size }),
    ...(usage === null ? {} : { used: usage.bytes }),
    ...(usage?.files === undefined ? {} : { files: usage.files }),
    ...(usage === null || record.size === null
      ? {}
      : { usedPercent: Math.round((usage.bytes / record.size) * 100) }),
    mountedOn: facts.mountedOn,
    ...(facts.lastSnapshot === null ? {} : { lastSnapshot: facts.lastSnapshot }),
    ...(facts.drift.length === 0 ? {} : { drift: facts.drift }),
    ...(facts.warnings.length === 0 ? {} : { warnings: facts.warnings }),
  };
}

function servicesOf(app: AppRecord | null): readonly string[] {
  if (app === null) return ["unknown"];
  return app.services === "first" ? ["first"] : app.services;
}

function healthOf(facts: StatusFacts): {
  health: VolumeStatus["health"];
  reason?: string;
  since?: string;
} {
  const { trouble, health, usage, record } = facts;
  if (facts.damage !== null) return { health: "damaged", reason: facts.damage };
  if (trouble !== null)
    return { health: "unreachable", reason: trouble.reason, since: trouble.since };
  if (facts.left !== null) return { health: "unreachable", reason: facts.left };
  if (health !== null && health.state !== "ok") {
    return { health: health.state, reason: health.notes.join("; "), since: facts.healthSince };
  }
  if (usage !== null && record.size !== null && usage.bytes >= record.size * 0.8) {
    const full = usage.bytes >= record.size;
    return {
      health: full ? "full" : "nearly-full",
      reason: `${Math.round((usage.bytes / record.size) * 100)} % of its size is used. More: swarmnfs volumes set ${record.name} size=…`,
    };
  }
  return { health: "ok" };
}
