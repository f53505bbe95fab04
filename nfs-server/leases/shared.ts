import type { Clock } from "../../service/clock.ts";
import type { KeyedQueue } from "../../service/keyed-queue.ts";
import type { Log } from "../../service/log.ts";
import type { Exports } from "../exports/exports.ts";
import type { Attendance } from "./attendance.ts";
import type { DamagedLeases } from "./damaged-leases.ts";
import type { Fencing } from "./fence.ts";
import type { Grants } from "./grants.ts";
import type { LeaseEvents } from "./lease-events.ts";
import type { LeaseFiles } from "./lease-file.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Mailboxes } from "./mailboxes.ts";
import type { TermClock } from "./term-clock.ts";

/** What the parts of the leases share. */
export interface Shared {
  readonly files: LeaseFiles;
  readonly table: LeaseTable;
  readonly attendance: Attendance;
  readonly damaged: DamagedLeases;
  readonly grants: Grants;
  readonly fencing: Fencing;
  readonly mailboxes: Mailboxes;
  readonly exports: Exports;
  /** Whether a node has joined and was not revoked. */
  readonly isMember: (nodeId: string) => boolean;
  readonly terms: TermClock;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: LeaseEvents;
  /** Who has a volume is decided one after another for each volume … */
  readonly volumes: KeyedQueue;
  /** … and leases of a node change one after another for each node. The volume's turn comes first, never two of a kind. */
  readonly nodes: KeyedQueue;
}
