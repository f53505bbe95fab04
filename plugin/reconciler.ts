import type { Log } from "../service/log.ts";
import { describe } from "../storage/rules/access.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Consumers } from "./consumers.ts";
import type { Engine } from "./engine.ts";
import type { Gate } from "./gate.ts";
import type { Mounts } from "./mounts.ts";
import type { MountRow, MountTable } from "./mount-table.ts";

/** Nobody waits for it, and an engine with many containers takes long. */
const askBoundMs = 10_000;
/** A holder this young may belong to a container that is not listed as running yet. */
const settleMs = 60_000;
/** So long the engine may be at copying an image's files into a volume, for a container that it may not list yet. */
const copyMs = 3_600_000;
/** So long a container that was admitted may take until it is listed as running. */
const startingMs = 15_000;

/**
 * Holds the mount table against what the engine says: leaked mounts are collected, containers whose Mount we never saw
 * are counted, and what was admitted by memory while the engine was silent is checked.
 */
export class Reconciler {
  readonly #engine: Engine;
  readonly #consumers: Consumers;
  readonly #mounts: Mounts;
  readonly #table: MountTable;
  readonly #gate: Gate;
  readonly #catalog: CatalogCopy;
  readonly #log: Log;

  constructor(parts: {
    engine: Engine;
    consumers: Consumers;
    mounts: Mounts;
    table: MountTable;
    gate: Gate;
    catalog: CatalogCopy;
    log: Log;
  }) {
    this.#engine = parts.engine;
    this.#consumers = parts.consumers;
    this.#mounts = parts.mounts;
    this.#table = parts.table;
    this.#gate = parts.gate;
    this.#catalog = parts.catalog;
    this.#log = parts.log;
  }

  /** One comparison. Rejects when the engine is silent; nothing was changed then. */
  async round(): Promise<void> {
    const live = await this.#consumers.holders(askBoundMs);
    await this.#mounts.look();
    for (const [volume, consumers] of live)
      await this.#mounts.witness(volume, consumers.map(describe));
    for (const row of this.#mounts.rows()) {
      const age = this.#table.ageOf(row.volume);
      if (row.provisional) await this.#check(row, age > startingMs);
      if (live.has(row.volume)) continue;
      if (row.holders.length > 0 && age < copyMs) {
        if (age < settleMs || (await this.#mayBeFilled(row))) continue;
      }
      await this.#collect(row);
    }
  }

  /** The engine copies by the mount's path: taken away, it would leave the volume half filled. */
  async #mayBeFilled({ volume, consumers }: MountRow): Promise<boolean> {
    return consumers.length === 0 || (await this.#consumers.isCreatedWith(volume, askBoundMs));
  }

  async #collect({ volume, holders }: MountRow): Promise<void> {
    if (holders.length > 0)
      this.#log.warn({ volume }, "nobody uses it any more: collecting a leaked mount");
    try {
      await this.#mounts.forsake(volume);
    } catch (error) {
      this.#log.error({ volume, err: error }, "cannot unmount");
    }
  }

  /** Whoever got the volume while the engine was silent, and may not have it, is stopped. */
  async #check(row: MountRow, isLast: boolean): Promise<void> {
    const { volume } = row;
    const record = this.#catalog.volume(volume);
    if (record === null) return;
    let isDone = isLast;
    for (const { container, consumer } of await this.#consumers.holdersOf(volume, askBoundMs)) {
      const decision = await this.#gate.mayKeep(record, consumer, isLast);
      if (decision.allow) continue;
      this.#log.warn(
        { audit: "stop", volume, container: container.name, reason: decision.error.message },
        "stopped: it had been started while Docker could not say who it was",
      );
      try {
        await this.#engine.stop(container.id, 15_000);
      } catch (error) {
        isDone = false;
        this.#log.error(
          { volume, container: container.name, err: error },
          "could not be stopped; tried again",
        );
      }
    }
    if (!isDone) return;
    row.provisional = false;
    await this.#table.save();
  }
}
