import type { Clock } from "../../service/clock.ts";
import { leaseTermMs } from "../../storage/swarmnfs/protocol/lease.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { DamagedFile } from "./record-files.ts";
import type { Fence, Standing, StandingFiles } from "./standing-file.ts";
import type { TermClock } from "./term-clock.ts";

interface Attendant {
  readonly id: string;
  name: string;
  /** By the clock of terms. */
  seenAt: number;
  /** When it last said what it has mounted; -Infinity: never since the server was started. */
  renewedAt: number;
  /** By the clock of terms; what is past means nothing. */
  absentUntil: number;
  fence: Fence | null;
  /** Where the kernel knows it; null: nowhere. */
  address: string | null;
  /** Whether there is a file about it. */
  written: boolean;
}

/** Which nodes are there, which are away on purpose, which are fenced, and where they call from. */
export class Attendance {
  readonly #files: StandingFiles;
  readonly #clock: Clock;
  readonly #terms: TermClock;
  readonly #nodes = new Map<string, Attendant>();

  constructor(files: StandingFiles, clock: Clock, terms: TermClock) {
    this.#files = files;
    this.#clock = clock;
    this.#terms = terms;
  }

  /** Reads what was written. Whoever has a file that cannot be read is taken for fenced, and can report back. */
  async open(): Promise<readonly DamagedFile[]> {
    const { records, damaged } = await this.#files.open();
    for (const standing of records) {
      const node = this.#node(standing.nodeId, standing.node);
      const absentMs =
        Date.parse(standing.absentUntil ?? "1970-01-01T00:00:00Z") - this.#clock.now();
      node.fence = standing.fence;
      node.absentUntil = this.#terms.now() + Math.min(absentMs, longestAbsenceMs);
      // Where a fence that was begun is finished; nobody is admitted anywhere yet.
      node.address = standing.fence === null ? null : standing.address;
      node.written = true;
    }
    for (const { name, reason } of damaged) {
      const node = this.#node(name, name);
      const at = new Date(this.#clock.now()).toISOString();
      node.fence = { because: `whether it was fenced cannot be read any more (${reason})`, at };
      node.written = true;
    }
    return damaged;
  }

  /** The node called, or is known to have had a lease when the server was started. */
  saw(id: string, name: string): void {
    const node = this.#node(id, name);
    node.name = name;
    node.seenAt = this.#terms.now();
  }

  /** The node says now what it has mounted. */
  renewed(id: string): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.renewedAt = this.#terms.now();
  }

  /** When it did so last, by the clock of terms; -Infinity: not since the server was started. */
  renewedAt(id: string): number {
    return this.#nodes.get(id)?.renewedAt ?? -Infinity;
  }

  /** Its name when it called last; of one that never did, its id. */
  nameOf(id: string): string {
    return this.#nodes.get(id)?.name ?? id;
  }

  addressOf(id: string): string | null {
    return this.#nodes.get(id)?.address ?? null;
  }

  /** Which node the kernel knows at this address. */
  at(address: string): string | null {
    for (const node of this.#nodes.values()) if (node.address === address) return node.id;
    return null;
  }

  moved(id: string, address: string | null): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.address = address;
  }

  fence(id: string): Fence | null {
    return this.#nodes.get(id)?.fence ?? null;
  }

  /** Nodes that are fenced. */
  fenced(): readonly string[] {
    return [...this.#nodes.values()].filter(({ fence }) => fence !== null).map(({ id }) => id);
  }

  /** How long nothing was heard of it, in milliseconds by the clock of terms. */
  silentMs(id: string): number {
    return this.#terms.now() - (this.#nodes.get(id)?.seenAt ?? -Infinity);
  }

  isSilent(id: string): boolean {
    return this.silentMs(id) > leaseTermMs;
  }

  /** For how long still its plugin is away on purpose; 0: it is not. */
  absentMs(id: string): number {
    return Math.max(0, (this.#nodes.get(id)?.absentUntil ?? 0) - this.#terms.now());
  }

  /** On disk when this settles. Fails as the disk does; then it is not fenced. */
  async setFence(id: string, name: string, fence: Fence | null): Promise<void> {
    const node = this.#node(id, name);
    const before = node.fence;
    // From this moment on nothing is granted to it, even while the disk is slow.
    node.fence = fence ?? before;
    try {
      await this.#write({ ...node, fence });
      node.fence = fence;
    } catch (error) {
      node.fence = before;
      throw error;
    }
  }

  /** On disk when this settles. */
  async setAbsence({ id, name }: Pick<LiveNode, "id" | "name">, forMs: number): Promise<void> {
    const node = this.#node(id, name);
    node.absentUntil = this.#terms.now() + Math.min(forMs, longestAbsenceMs);
    await this.#write(node);
  }

  async #write(node: Attendant): Promise<void> {
    const absentMs = node.absentUntil - this.#terms.now();
    if (node.fence === null && absentMs <= 0) {
      if (this.#nodes.get(node.id)?.written === true) await this.#files.remove(node.id);
      this.#noteWritten(node.id, false);
      return;
    }
    const standing: Standing = {
      schema: 1,
      nodeId: node.id,
      node: node.name,
      address: node.address,
      fence: node.fence,
      absentUntil: absentMs <= 0 ? null : new Date(this.#clock.now() + absentMs).toISOString(),
    };
    await this.#files.write(node.id, standing);
    this.#noteWritten(node.id, true);
  }

  #noteWritten(id: string, written: boolean): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.written = written;
  }

  #node(id: string, name: string): Attendant {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const made = {
      id,
      name,
      seenAt: this.#terms.now(),
      renewedAt: -Infinity,
      absentUntil: this.#terms.now(),
      fence: null,
      address: null,
      written: false,
    };
    this.#nodes.set(id, made);
    return made;
  }
}

/** No announcement keeps a node's volumes for longer (the protocol's bound). */
const longestAbsenceMs = 900_000;
