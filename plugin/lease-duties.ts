import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../service/log.ts";
import type { LeaseHolder, Release } from "../storage/lease-holder.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Consumers } from "./consumers.ts";
import type { Engine } from "./engine.ts";
import type { Mounts } from "./mounts.ts";
import type { StorageWatch } from "./storage-watch.ts";

/** How long the engine may take to list containers, and to stop one; then it is tried again. Milliseconds. */
const listMs = 10_000;
const stopMs = 15_000;
const usualAgainMs = 5000;

/** What a storage that gives leases may want of this node. */
export class LeaseDuties implements LeaseHolder {
  readonly #mounts: Mounts;
  readonly #catalog: CatalogCopy;
  readonly #watch: StorageWatch;
  readonly #engine: Engine | null;
  readonly #consumers: Consumers | null;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #againMs: number;

  constructor(
    parts: {
      mounts: Mounts;
      catalog: CatalogCopy;
      watch: StorageWatch;
      /** Null, both, where there is no engine to ask. */
      engine: Engine | null;
      consumers: Consumers | null;
      log: Log;
      /** Aborted when the plugin stops. */
      signal: AbortSignal;
    },
    againMs = usualAgainMs,
  ) {
    this.#mounts = parts.mounts;
    this.#catalog = parts.catalog;
    this.#watch = parts.watch;
    this.#engine = parts.engine;
    this.#consumers = parts.consumers;
    this.#log = parts.log;
    this.#signal = parts.signal;
    this.#againMs = againMs;
  }

  /** Without the linger: somebody waits for it on another node. */
  async release(volume: string): Promise<Release> {
    const holders = await this.#mounts.collect(volume);
    if (holders?.length === 0) {
      this.#log.info({ audit: "release", volume }, "given back to another node that asked for it");
      return { released: true };
    }
    return { released: false, consumers: holders ?? ["Docker there does not say who uses it"] };
  }

  changed(): void {
    void this.#watch.lookAnew();
  }

  async fenced(reason: string): Promise<void> {
    const volumes = this.#mounts.rows().map(({ volume }) => volume);
    this.#log.warn({ audit: "fenced", volumes, reason }, "this node was fenced");
    await Promise.all(volumes.map((volume) => this.#abandon(volume)));
  }

  async lost(volume: string, reason: string): Promise<void> {
    this.#log.warn({ audit: "lost", volume, reason }, "the storage does not give it any more");
    await this.#abandon(volume);
  }

  async #abandon(volume: string): Promise<void> {
    await this.#mounts.abandon(volume).catch((error: unknown) => {
      this.#log.error({ volume, err: error }, "cannot unmount");
    });
    if (this.#catalog.volume(volume)?.access === "exclusive") await this.#stopUsers(volume);
  }

  /**
   * Another node may have the volume by now: what a container here has not written yet must never be written. The kernel
   * throws it away when the last of them has ended while the server refuses it; so this node must not be taken back before.
   */
  async #stopUsers(volume: string): Promise<void> {
    if (this.#engine === null || this.#consumers === null) return;
    while (!this.#signal.aborted) {
      try {
        const users = await this.#consumers.holdersOf(volume, listMs);
        if (users.length === 0) return;
        for (const { container } of users) {
          this.#log.warn(
            { audit: "stop", volume, container: container.name },
            "stopped: its exclusive volume was taken away from this node",
          );
          await this.#engine.stop(container.id, stopMs);
        }
      } catch (error) {
        this.#log.warn({ volume, err: error }, "who uses it could not be stopped; tried again");
        await delay(this.#againMs, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    }
  }
}
