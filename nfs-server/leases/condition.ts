import { leaseTermMs } from "../../storage/swarmnfs/protocol/lease.ts";
import type { Held } from "./lease-table.ts";
import type { Shared } from "./shared.ts";
import type { Rival } from "./takeover.ts";

/** A shared lease that was not renewed for so long is taken away (contracts §6). */
const sharedSilenceMs = 3 * leaseTermMs;

/** How it stands with a lease now. */
export function conditionOf(
  { attendance, terms }: Pick<Shared, "attendance" | "terms">,
  { record: { nodeId }, renewedAt }: Held,
): Rival["condition"] {
  if (attendance.fence(nodeId) !== null) return "fenced";
  if (attendance.absentMs(nodeId) > 0) return "absent";
  if (attendance.isSilent(nodeId)) return "silent";
  return terms.now() - renewedAt > leaseTermMs ? "lapsed" : "live";
}

/** A lease in the way of another. */
export function rivalOf(
  shared: Pick<Shared, "attendance" | "terms">,
  held: Held,
  answer: Rival["answer"],
): Rival {
  const { nodeId, node } = held.record;
  return {
    nodeId,
    node,
    condition: conditionOf(shared, held),
    consumers: held.consumers,
    silentMs: shared.attendance.silentMs(nodeId),
    absentMs: shared.attendance.absentMs(nodeId),
    answer,
  };
}

/**
 * Whether nobody needs it any more, as far as the server can know. An exclusive one of a silent node is kept until somebody
 * else needs it, and the node is fenced then.
 */
export function isOver(
  { attendance, terms }: Pick<Shared, "attendance" | "terms">,
  { record: { nodeId, exclusive }, renewedAt }: Held,
): boolean {
  if (attendance.absentMs(nodeId) > 0) return false;
  if (terms.now() - renewedAt <= sharedSilenceMs) return false;
  return !exclusive || !attendance.isSilent(nodeId);
}
