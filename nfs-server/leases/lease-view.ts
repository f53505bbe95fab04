import { formatDuration, formatMoment } from "../../service/age.ts";
import { UserError } from "../../service/user-error.ts";
import { type Lease, leaseTermMs } from "../../storage/swarmnfs/protocol/lease.ts";
import { conditionOf } from "./condition.ts";
import type { Held } from "./lease-table.ts";
import type { DamagedFile } from "./record-files.ts";
import type { Shared } from "./shared.ts";

type Seen = Pick<Shared, "attendance" | "terms" | "clock">;

/** A lease as people and nodes are told of it. */
export function leaseAsTold(seen: Seen, held: Held): Lease {
  const { id, volume, volumeId, app, nodeId, node, exclusive, readOnly, grantedAt } = held.record;
  const condition = conditionOf(seen, held);
  const leftMs = held.renewedAt + leaseTermMs - seen.terms.now();
  return {
    id,
    volume,
    volumeId,
    app,
    nodeId,
    node,
    address: seen.attendance.addressOf(nodeId) ?? held.record.address,
    mode: readOnly ? "ro" : "rw",
    exclusive,
    grantedAt,
    expiresAt: new Date(seen.clock.now() + leftMs).toISOString(),
    consumers: [...held.consumers],
    state: condition === "fenced" ? "fenced" : condition === "live" ? "held" : "silent",
  };
}

/** Throws `in-use`, naming nodes and consumers, if any of these leases is there. */
export function refuseMounted(
  seen: Seen,
  volume: string,
  others: readonly Held[],
  damage: DamagedFile | null,
): void {
  if (damage !== null) {
    throw new UserError(
      "in-use",
      `"${volume}" may be mounted somewhere: the lease "${damage.file}" cannot be read (${damage.reason}). Look at it, and delete it when the volume is not mounted on that node`,
    );
  }
  if (others.length === 0) return;
  const where = others.map(
    (held) => `${held.record.node} (${circumstances(seen, held).join(", ")})`,
  );
  throw new UserError(
    "in-use",
    `"${volume}" is mounted on ${where.join(" and on ")}. Remove the service or container there first`,
  );
}

function circumstances(seen: Seen, held: Held): readonly string[] {
  const since = `since ${formatMoment(Date.parse(held.record.grantedAt), seen.clock.now())}`;
  const silentMs = seen.attendance.silentMs(held.record.nodeId);
  const silence = silentMs > leaseTermMs ? [`not heard of for ${formatDuration(silentMs)}`] : [];
  return [...held.consumers, since, ...silence];
}
