import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { Mutex } from "../../storage/directory/mutex.ts";
import { RecordFiles } from "../leases/record-files.ts";
import { type NodeRecord, nodeRecordSchema } from "./node-file.ts";

const hour = 60 * 60 * 1000;

/** All nodes that have enrolled, in memory, and their files. */
export class Registry {
  readonly #files: RecordFiles<typeof nodeRecordSchema>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #records = new Map<string, NodeRecord>();
  readonly #writtenAt = new Map<string, number>();
  readonly #writing = new Mutex();
  /** Ids whose files cannot be read: those nodes are strangers until they enrol again. */
  readonly #damaged = new Set<string>();

  private constructor(folder: string, clock: Clock, log: Log) {
    this.#files = new RecordFiles(folder, nodeRecordSchema);
    this.#clock = clock;
    this.#log = log;
  }

  static async open(folder: string, clock: Clock, log: Log): Promise<Registry> {
    const registry = new Registry(folder, clock, log);
    const { records, damaged } = await registry.#files.open();
    for (const record of records) {
      if (registry.#isOver(record)) await registry.#files.remove(record.id);
      else registry.#records.set(record.id, record);
    }
    for (const { name, file, reason } of damaged) {
      registry.#damaged.add(name);
      log.error({ file, reason }, "the record of a node cannot be read: it has to join again");
    }
    return registry;
  }

  /** Whether anybody has ever enrolled. */
  get isEmpty(): boolean {
    return this.#records.size === 0 && this.#damaged.size === 0;
  }

  get(id: string): NodeRecord | null {
    return this.#records.get(id) ?? null;
  }

  /** The node that has this name now, whatever the case. */
  named(name: string): NodeRecord | null {
    const wanted = name.toLowerCase();
    for (const record of this.#records.values())
      if (record.revoked === null && record.name.toLowerCase() === wanted) return record;
    return null;
  }

  list(): readonly NodeRecord[] {
    return [...this.#records.values()];
  }

  /** On disk when it settles, and true only then. */
  async save(record: NodeRecord): Promise<void> {
    await this.#writing.run(async () => {
      if (this.#damaged.has(record.id)) await this.#files.setAside(record.id, this.#clock.now());
      await this.#files.write(record.id, record);
      this.#damaged.delete(record.id);
      this.#records.set(record.id, record);
      this.#writtenAt.set(record.id, this.#clock.now());
    });
  }

  /** True at once; on disk now and then. */
  saw(id: string, address: string): void {
    const before = this.#records.get(id);
    if (before === undefined) return;
    const now = this.#clock.now();
    this.#records.set(id, { ...before, address, seenAt: rfc3339(now) });
    const isRecent = now - (this.#writtenAt.get(id) ?? 0) < hour;
    if (isRecent && before.address === address) return;
    this.#writtenAt.set(id, now);
    void this.#writing
      .run(async () => {
        const record = this.#records.get(id);
        if (record !== undefined) await this.#files.write(id, record);
      })
      .catch((error: unknown) => {
        // It will be said by what matters more; the next call in an hour tries again.
        this.#log.warn(
          { node: before.name, err: error },
          "where a node is could not be written down",
        );
      });
  }

  /** What was seen until now is on disk, or could not be written. */
  settled(): Promise<void> {
    return this.#writing.run(async () => undefined);
  }

  /** Revoked, and every certificate of it has ended by itself: it is a stranger now. */
  #isOver({ revoked, certificates }: NodeRecord): boolean {
    return (
      revoked !== null && certificates.every(({ until }) => Date.parse(until) < this.#clock.now())
    );
  }
}
