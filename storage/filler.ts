import { bounded } from "../service/bounded.ts";
import type { Log } from "../service/log.ts";
import { messageOf } from "../service/message-of.ts";
import type { VolumeRecord } from "./records/volume.ts";
import type { NodeIdentity, Storage } from "./storage.ts";

/** What could not be filled is tried again so much later, in milliseconds: also what another node was at. */
const againMs = 30_000;

export interface FillerParts {
  readonly storage: Pick<Storage, "get" | "fill">;
  readonly node: NodeIdentity;
  /** Told of a volume that is being filled, or was, whenever it is looked at. */
  readonly onChange: (record: VolumeRecord) => void;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic?: () => number;
}

/** Sees to it that volumes which begin as copies of others get filled, by this process or another one. */
export class Filler {
  readonly #parts: FillerParts;
  readonly #monotonic: () => number;
  readonly #running = new Map<string, Promise<void>>();
  readonly #tried = new Map<string, number>();

  constructor(parts: FillerParts) {
    this.#parts = parts;
    this.#monotonic = parts.monotonic ?? (() => performance.now());
  }

  /** Settles when the volume is filled, or does not get on; one attempt at a time, shared by all who ask. Never rejects. */
  fill(volume: string): Promise<void> {
    const running = this.#running.get(volume) ?? this.#attempt(volume);
    this.#running.set(volume, running);
    return running;
  }

  /** Waits so many milliseconds for it at most; what takes longer goes on. Never rejects. */
  async begin(volume: string, boundMs: number): Promise<void> {
    await bounded(this.fill(volume), boundMs, stillFilling).catch(() => undefined);
  }

  /** Goes on with what was left, and finds out how far the others are. Costs nothing while nothing is to be filled. */
  async round(volumes: readonly VolumeRecord[]): Promise<void> {
    const filling = volumes.filter(({ state }) => state === "filling");
    for (const { name } of filling) {
      const tried = this.#tried.get(name) ?? -Infinity;
      const isDue = this.#monotonic() - tried >= againMs;
      if (isDue && this.#parts.storage.fill !== undefined) void this.fill(name);
      const record = await this.#parts.storage.get(name);
      if (record !== null) this.#parts.onChange(record);
    }
    for (const name of this.#tried.keys())
      if (!filling.some((record) => record.name === name)) this.#tried.delete(name);
  }

  async #attempt(volume: string): Promise<void> {
    const { storage, node, log, onChange } = this.#parts;
    this.#tried.set(volume, this.#monotonic());
    try {
      const record = await storage.fill?.(volume, node);
      if (record === undefined) return;
      onChange(record);
      if (record.state === "ready")
        log.info({ volume, from: record.fill?.from, bytes: record.fill?.done }, "filled");
    } catch (error) {
      log.warn({ volume, reason: messageOf(error) }, "could not be filled");
    } finally {
      this.#tried.set(volume, this.#monotonic());
      this.#running.delete(volume);
    }
  }
}

function stillFilling(): Error {
  return new Error("the volume is still being filled");
}
