import type { Clock } from "../../service/clock.ts";
import { KeyedQueue } from "../../service/keyed-queue.ts";
import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { Lease, Renewal, Renewed } from "../../storage/swarmnfs/protocol/lease.ts";
import type { Exports } from "../exports/exports.ts";
import type { NfsClients } from "../kernel/nfs-clients.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import { Addresses } from "./addresses.ts";
import { Attendance } from "./attendance.ts";
import { type Attaching, Attachments, refuseStranger } from "./attaching.ts";
import { isOver } from "./condition.ts";
import { DamagedLeases } from "./damaged-leases.ts";
import { sameShown, shownBy } from "./export-of.ts";
import { Fencing } from "./fence.ts";
import { Grants } from "./grants.ts";
import { type LeaseEvents, uncounted } from "./lease-events.ts";
import { type LeaseFiles, leaseFiles, type LeaseRecord } from "./lease-file.ts";
import { type Held, LeaseTable } from "./lease-table.ts";
import { leaseAsTold, refuseMounted } from "./lease-view.ts";
import { takeLeftovers } from "./leftovers.ts";
import { Mailboxes } from "./mailboxes.ts";
import { Narrowing } from "./narrowing.ts";
import type { DamagedFile } from "./record-files.ts";
import { Renewals } from "./renewals.ts";
import { type LookUp, takeUp } from "./restart.ts";
import type { Shared } from "./shared.ts";
import { type Fence, type StandingFiles, standingFiles } from "./standing-file.ts";
import { TermClock } from "./term-clock.ts";

/** A holder of an exclusive volume is waited for so long, milliseconds; the plugin waits 8 s for an attachment. */
const askBoundMs = 6_000;

export interface LeaseParts {
  /** The server's own folder on the data disk. */
  readonly folder: string;
  readonly exports: Exports;
  readonly clients: NfsClients;
  readonly clock: Clock;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly log: Log;
  /** Whether a node has joined and was not revoked. What was asked before a revocation may be done only after it. */
  readonly isMember?: (nodeId: string) => boolean;
  /** Told when a lease has ended, for whatever reason; what it begins is done before the volume goes to somebody else. */
  readonly ended?: (lease: LeaseRecord) => Promise<void>;
  readonly askBoundMs?: number;
  readonly events?: LeaseEvents;
  /** Where leases and standings are kept; by default in the folder. */
  readonly files?: { readonly leases: LeaseFiles; readonly standings: StandingFiles };
}

/**
 * Who may mount what (contracts §6). At every moment, whatever was killed: what the kernel shows to a node has a lease on
 * disk; an exclusive volume is shown to one node, and to the next one only after nothing of the former can arrive.
 */
export class Leases {
  /** Takes leases away where rules become narrower. */
  readonly narrowing: Narrowing;
  readonly #shared: Shared;
  readonly #addresses: Addresses;
  readonly #attachments: Attachments;
  readonly #renewals: Renewals;

  constructor(parts: LeaseParts) {
    const { folder, exports, clients, clock, log, events = uncounted } = parts;
    const { isMember = () => true } = parts;
    const table = new LeaseTable();
    const files = parts.files?.leases ?? leaseFiles(folder);
    const standings = parts.files?.standings ?? standingFiles(folder);
    const mailboxes = new Mailboxes();
    const terms = new TermClock(parts.monotonic);
    const attendance = new Attendance(standings, clock, terms);
    const damaged = new DamagedLeases(files, clock);
    const ended = async (lease: LeaseRecord): Promise<void> => {
      events.ended();
      await parts.ended?.(lease);
      mailboxes.of(lease.nodeId).settle(lease.volume, { released: true });
      mailboxes.of(lease.nodeId).wake();
    };
    const tidy = (nodeId: string, except: Held): Promise<void> =>
      takeLeftovers({ table, attendance, clients, log }, nodeId, except);
    const grants = new Grants({ table, files, exports, log, tidy, ended });
    const fencing = new Fencing({
      attendance,
      table,
      grants,
      damaged,
      mailboxes,
      exports,
      clients,
      events,
      clock,
      log,
    });
    const queues = { volumes: new KeyedQueue(), nodes: new KeyedQueue() };
    const effects = { exports, isMember, terms, clock, log, events, ...queues };
    this.#shared = {
      files,
      table,
      attendance,
      damaged,
      grants,
      fencing,
      mailboxes,
      ...effects,
    };
    this.#addresses = new Addresses(this.#shared);
    const waitMs = parts.askBoundMs ?? askBoundMs;
    this.#attachments = new Attachments(this.#shared, waitMs);
    this.narrowing = new Narrowing(this.#shared, waitMs);
    this.#renewals = new Renewals(this.#shared);
  }

  /** Takes up what an earlier run left. Before anything else; nfsd must not serve before it has settled. */
  open(lookUp: LookUp): Promise<void> {
    return takeUp(this.#shared, lookUp);
  }

  /** Lease files that cannot be read: their volumes are given to nobody alone. */
  get damaged(): readonly DamagedFile[] {
    return this.#shared.damaged.all();
  }

  /**
   * A lease for this node, the same one if it has it already. Throws `in-use`, naming who has it, and `fenced`. Of an
   * exclusive volume the holder is asked first, and a silent one is fenced.
   */
  async attach(node: LiveNode, attaching: Attaching): Promise<Lease> {
    await this.#enter(node);
    return leaseAsTold(this.#shared, await this.#attachments.attach(node, attaching));
  }

  /** The lease is given back; nothing of it is mounted there any more. */
  async detach(node: LiveNode, volume: string): Promise<void> {
    await this.#enter(node);
    await this.#giveBack(node.id, volume);
  }

  /** Renews the leases that are named and waits for what the server wants of the node. */
  async renew(node: LiveNode, renewal: Renewal, signal: AbortSignal): Promise<Renewed> {
    await this.#enter(node);
    return this.#renewals.renew(node, renewal, signal);
  }

  /** The node's plugin is away on purpose: for so long it is not fenced, and its leases stay. */
  async absence(node: LiveNode, forMs: number): Promise<void> {
    const { nodes, attendance, log } = this.#shared;
    await this.#enter(node);
    await nodes.run(node.id, () => attendance.setAbsence(node, forMs));
    log.info({ node: node.name, forMs }, "a plugin will be away");
  }

  list(): Lease[] {
    return this.#shared.table.all().map((held) => leaseAsTold(this.#shared, held));
  }

  holdersOf(volume: string): Lease[] {
    return this.#shared.table.ofVolume(volume).map((held) => leaseAsTold(this.#shared, held));
  }

  countOf(nodeId: string): number {
    return this.#shared.table.ofNode(nodeId).length;
  }

  /** Why a node is fenced, and since when; null: it is not. */
  fenceOf(nodeId: string): Fence | null {
    return this.#shared.attendance.fence(nodeId);
  }

  /** Whether nothing was heard of the node for a term. */
  isSilent(nodeId: string): boolean {
    return this.#shared.attendance.isSilent(nodeId);
  }

  /** Takes a lease away. With an exclusive one its whole node is fenced: its locks would block whoever comes next. */
  async revoke(id: string): Promise<void> {
    const { table, nodes, fencing, grants } = this.#shared;
    const held = table.byId(id);
    if (held === null)
      throw new UserError("not-found", `there is no lease ${id}. See: swarmnfs leases`);
    const { nodeId, node, volume, exclusive } = held.record;
    const because = `an administrator took its lease of "${volume}" away`;
    await nodes.run(nodeId, async () => {
      if (table.get(volume, nodeId) !== held) return;
      if (exclusive) await fencing.fence(nodeId, node, because);
      else await grants.end(held, because);
    });
  }

  /** A node that was looked after by hand is taken back. Throws `not-found` if it is not fenced. */
  async unfence(nodeId: string): Promise<void> {
    const { nodes, fencing, attendance, mailboxes } = this.#shared;
    if (attendance.fence(nodeId) === null) {
      const name = attendance.nameOf(nodeId);
      throw new UserError("not-found", `"${name}" is not fenced. See: swarmnfs server nodes`);
    }
    await nodes.run(nodeId, () =>
      fencing.lift(nodeId, attendance.nameOf(nodeId), "an administrator"),
    );
    mailboxes.of(nodeId).wake();
  }

  /** The node is not one of ours any more: all it had is taken away. */
  async nodeGone(nodeId: string): Promise<void> {
    const { nodes, fencing, attendance } = this.#shared;
    await nodes.run(nodeId, async () => {
      const name = attendance.nameOf(nodeId);
      // A fence that is lifted at once: what is interrupted is finished at the next start.
      await fencing.fence(nodeId, name, "it is not a node of this storage any more");
      await fencing.lift(nodeId, name, "its removal");
    });
  }

  /** `work` takes the volume away. Throws `in-use` while other nodes than `by` have it. */
  remove<T>(volume: string, by: Pick<LiveNode, "id">, work: () => Promise<T>): Promise<T> {
    const { volumes, table, exports } = this.#shared;
    return volumes.run(volume, async () => {
      const damage = await this.#attachments.damageOf(volume, by.id);
      const others = table.ofVolume(volume).filter(({ record }) => record.nodeId !== by.id);
      refuseMounted(this.#shared, volume, others, damage);
      await this.#giveBack(by.id, volume);
      await exports.withdraw(volume);
      return work();
    });
  }

  /** `work` changes the volume's rules; those who have it see it as it is then. Throws `in-use` where that cannot be. */
  change(
    volume: string,
    becomesExclusive: boolean,
    work: () => Promise<VolumeRecord>,
  ): Promise<VolumeRecord> {
    const { volumes, table, nodes } = this.#shared;
    return volumes.run(volume, async () => {
      const before = table.ofVolume(volume);
      if (becomesExclusive && before.length > 1) refuseMounted(this.#shared, volume, before, null);
      const record = await work();
      for (const held of before)
        await nodes.run(held.record.nodeId, () => this.#follow(held, record));
      return record;
    });
  }

  /** The catalog changed: all nodes are told. */
  announceChange(): void {
    this.#shared.mailboxes.announceChange();
  }

  /** Ends every long poll, so that the server can stop. */
  hush(): void {
    this.#shared.mailboxes.wake();
  }

  /** Takes away what was silent for too long, and finishes what failed; now and again. */
  async sweep(): Promise<void> {
    const { table, nodes, grants, fencing, attendance, isMember } = this.#shared;
    for (const held of table.all()) {
      const { nodeId, volume } = held.record;
      if (!isOver(this.#shared, held)) continue;
      await nodes.run(nodeId, async () => {
        if (table.get(volume, nodeId) === held && isOver(this.#shared, held))
          await grants.end(held, "it was not renewed");
      });
    }
    for (const id of attendance.fenced())
      if (table.ofNode(id).length > 0) await nodes.run(id, () => fencing.finish(id));
    const gone = table.all().filter(({ record }) => !isMember(record.nodeId));
    for (const id of new Set(gone.map(({ record }) => record.nodeId))) await this.nodeGone(id);
  }

  async #giveBack(nodeId: string, volume: string): Promise<void> {
    const { nodes, table, grants } = this.#shared;
    await nodes.run(nodeId, async () => {
      const held = table.get(volume, nodeId);
      if (held !== null) await grants.end(held, "it was given back");
    });
  }

  async #follow(held: Held, record: VolumeRecord): Promise<void> {
    const { table, grants } = this.#shared;
    if (table.get(record.name, held.record.nodeId) !== held) return;
    const next = { ...held.record, ...shownBy(record, held.record.isReader) };
    if (!sameShown(held.record, next)) await grants.change(held, next);
  }

  /** A call of a node: it lives, and the kernel is to know it where it calls from. */
  async #enter(node: LiveNode): Promise<void> {
    const { terms, attendance, nodes } = this.#shared;
    refuseStranger(this.#shared, node);
    terms.heard();
    attendance.saw(node.id, node.name);
    if (attendance.absentMs(node.id) > 0)
      await nodes.run(node.id, () => attendance.setAbsence(node, 0));
    if (attendance.addressOf(node.id) === node.address) return;
    await nodes.run(node.id, () => this.#addresses.follow(node));
  }
}
