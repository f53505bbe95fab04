import type { Log } from "../../service/log.ts";
import type { Exports } from "../exports/exports.ts";
import { exportOf } from "./export-of.ts";
import { keyOf, type LeaseFiles, type LeaseRecord } from "./lease-file.ts";
import type { Held, LeaseTable } from "./lease-table.ts";

export interface GrantParts {
  readonly table: LeaseTable;
  readonly files: LeaseFiles;
  readonly exports: Exports;
  readonly log: Log;
  /** Takes away what is left of a node at the kernel's NFS server, if it has nothing mounted any more. */
  readonly tidy: (nodeId: string, except: Held) => Promise<void>;
  /** Told when a lease has ended, for whatever reason. */
  readonly ended: (record: LeaseRecord) => Promise<void>;
}

/**
 * One lease on disk, in the kernel and in memory. At every moment, also when killed in between: what the kernel shows to a
 * node has its file. Each method may be repeated. Callers see to it that nobody else changes leases of that node.
 */
export class Grants {
  readonly #parts: GrantParts;

  constructor(parts: GrantParts) {
    this.#parts = parts;
  }

  /** When this settles the node can mount. */
  async begin(record: LeaseRecord, now: number, consumers: readonly string[]): Promise<Held> {
    const { table, exports } = this.#parts;
    await this.#write(record);
    const held = table.put(record, now, consumers);
    try {
      await exports.grant(record.nodeId, exportOf(record));
      return held;
    } catch (error) {
      await this.end(held, "it could not be shown").catch(() => undefined);
      throw error;
    }
  }

  /** The same lease with other properties. */
  async change(held: Held, record: LeaseRecord): Promise<void> {
    await this.#write(record);
    held.record = record;
    await this.#parts.exports.grant(record.nodeId, exportOf(record));
  }

  /** When this settles the node reaches the volume no more, and whoever gets an exclusive one finds no locks in it. */
  async end(held: Held, because: string): Promise<void> {
    const { nodeId, volume, exclusive } = held.record;
    await this.#parts.exports.revoke(nodeId, volume);
    if (exclusive) await this.#parts.tidy(nodeId, held);
    await this.forget(held, because);
  }

  /** The same for what the kernel does not show any more. */
  async forget(held: Held, because: string): Promise<void> {
    const { table, files, log, ended } = this.#parts;
    const { volume, nodeId, node, id } = held.record;
    await files.remove(keyOf(volume, nodeId));
    table.delete(held);
    log.info({ audit: "lease-ended", volume, node, lease: id, because }, "a lease has ended");
    await ended(held.record);
  }

  // A full disk must not keep containers from starting, least of all the one that would tidy up. What has no file has to
  // be attached again after a restart of the server; for an exclusive volume that would not be safe.
  async #write(record: LeaseRecord): Promise<void> {
    try {
      await this.#parts.files.write(keyOf(record.volume, record.nodeId), record);
    } catch (error) {
      if (record.exclusive || !isFull(error)) throw error;
      this.#parts.log.warn(
        { volume: record.volume, node: record.node },
        "the data disk is full: a lease could not be written, and is lost when the server is restarted",
      );
    }
  }
}

function isFull(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT")
  );
}
