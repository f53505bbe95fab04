import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import type { Exports } from "../exports/exports.ts";
import type { NfsClients } from "../kernel/nfs-clients.ts";
import type { Attendance } from "./attendance.ts";
import type { DamagedLeases } from "./damaged-leases.ts";
import type { Grants } from "./grants.ts";
import type { LeaseEvents } from "./lease-events.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Mailboxes } from "./mailboxes.ts";

export interface FenceParts {
  readonly attendance: Attendance;
  readonly table: LeaseTable;
  readonly grants: Grants;
  readonly damaged: DamagedLeases;
  readonly mailboxes: Mailboxes;
  readonly exports: Exports;
  readonly clients: NfsClients;
  readonly events: LeaseEvents;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Fences a whole node, never half of it: locks belong to the NFS client, which is the node (nfs-server facts §5). Killed at
 * any point it is repeated by `finish`: what is on disk says how far it came. Callers see to it that nobody else changes
 * leases of that node meanwhile.
 */
export class Fencing {
  readonly #parts: FenceParts;

  constructor(parts: FenceParts) {
    this.#parts = parts;
  }

  /** When this settles nothing of the node's arrives any more, its locks are free, and its leases are gone. */
  async fence(id: string, name: string, because: string): Promise<void> {
    const { attendance, clock, log, events } = this.#parts;
    if (attendance.fence(id) === null) {
      await attendance.setFence(id, name, { because, at: rfc3339(clock.now()) });
      log.error({ audit: "fence", node: name, nodeId: id, because }, "a node is fenced");
      events.fenced();
    }
    await this.finish(id);
  }

  /** Does what is left of a fence that was begun. */
  async finish(id: string): Promise<void> {
    const { table, exports, grants, damaged, mailboxes } = this.#parts;
    const held = table.ofNode(id);
    await Promise.all(held.map(({ record }) => exports.revoke(id, record.volume)));
    await this.#expire(id);
    // Last: as long as a lease is there, nobody else gets the volume.
    await Promise.all(held.map((lease) => grants.forget(lease, "its node is fenced")));
    await damaged.dropNode(id);
    mailboxes.of(id).wake();
  }

  /** The node is taken back; it has no leases, and attaches what it needs. */
  async lift(id: string, name: string, by: string): Promise<void> {
    const { attendance, log } = this.#parts;
    if (attendance.fence(id) === null) return;
    await this.finish(id);
    await attendance.setFence(id, name, null);
    log.warn({ audit: "unfence", node: name, nodeId: id, by }, "a fenced node is taken back");
  }

  async #expire(id: string): Promise<void> {
    const { attendance, clients, exports, log } = this.#parts;
    // Null where another node has the address by now: that one's locks are not to be touched.
    const address = attendance.addressOf(id);
    const expired = await clients.expire(id, address);
    if (address !== null) await exports.dismiss(address);
    attendance.moved(id, null); // until it calls again
    log.info({ nodeId: id, address, expired }, "state of an NFS client is taken away");
  }
}
