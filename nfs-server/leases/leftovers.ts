import type { Log } from "../../service/log.ts";
import type { NfsClients } from "../kernel/nfs-clients.ts";
import type { Attendance } from "./attendance.ts";
import type { Held, LeaseTable } from "./lease-table.ts";

interface LeftoverParts {
  readonly table: LeaseTable;
  readonly attendance: Attendance;
  readonly clients: NfsClients;
  readonly log: Log;
}

/**
 * A node that was reset gives back an exclusive volume without having unmounted it, and the locks of its former life
 * would block the next holder until the kernel's own lease runs out. A node that has nothing else mounted has no state to
 * lose, so what is left of it is taken away; and one that has something else mounted since has made the kernel drop its
 * former life by that (RFC 8881 18.35).
 */
export async function takeLeftovers(
  { table, attendance, clients, log }: LeftoverParts,
  nodeId: string,
  except: Held,
): Promise<void> {
  const address = attendance.addressOf(nodeId);
  const saidAt = attendance.renewedAt(nodeId);
  const hasOthers = table
    .ofNode(nodeId)
    .some((held) => held !== except && held.renewedAt >= saidAt);
  if (hasOthers) return;
  const expired = await clients.expire(nodeId, address);
  if (expired > 0)
    log.info({ nodeId, address, expired }, "what was left of an NFS client is taken");
}
