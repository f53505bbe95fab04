import type { Log } from "../service/log.ts";
import type { Engine } from "./engine.ts";

/** Nobody waits for it, and an engine with many containers takes long. */
const askBoundMs = 10_000;
const startBoundMs = 40_000;
const shortestWaitMs = 5_000;
const longestWaitMs = 600_000;
const neverRunning = new Set(["created", "exited"]);
/** Restart policies that mean: this container is to run whenever the engine does. */
const kept = new Set(["always", "unless-stopped"]);
/** What Docker keeps of our refusal when the storage was the reason; it did not stop by itself or by a person's wish. */
const ourWords = /swarmnfs: .* cannot be mounted on /;

/**
 * Docker never retries a container whose volume could not be mounted, restart policy or not. Those that failed because
 * the storage was away are started when it is back.
 */
export class Revival {
  readonly #engine: Engine;
  readonly #log: Log;
  /** Volumes that failed, and when (`performance.now()`) their containers may be tried. */
  readonly #failed = new Map<string, number>();
  /** How long each volume waits before its next try, in milliseconds: doubled with every failure, until one is old. */
  readonly #patience = new Map<string, { readonly waitMs: number; readonly at: number }>();
  /** Failures of the plugin's life before this one are not known yet. */
  #isFresh = true;

  constructor(engine: Engine, log: Log) {
    this.#engine = engine;
    this.#log = log;
  }

  /** A mount of this volume failed because the storage did not answer. */
  note(volume: string): void {
    if (this.#failed.has(volume)) return;
    const now = performance.now();
    const last = this.#patience.get(volume);
    const wait = last !== undefined && now - last.at < longestWaitMs * 2 ? last.waitMs : 0;
    this.#failed.set(volume, now + wait);
    const next = Math.min(Math.max(wait * 2, shortestWaitMs), longestWaitMs);
    this.#patience.set(volume, { waitMs: next, at: now });
  }

  get isPending(): boolean {
    return this.#isFresh || this.#failed.size > 0;
  }

  /** The storage answers. Rejects when the engine is silent; what could not be asked is kept for the next time. */
  async revive(): Promise<void> {
    if (this.#isFresh) await this.#remember();
    const due = [...this.#failed].filter(([, notBefore]) => notBefore <= performance.now());
    for (const [volume] of due)
      await this.#reviveUsersOf(volume, () => this.#failed.delete(volume));
  }

  /** Perhaps the storage came back because somebody mounted it and switched us off and on. */
  async #remember(): Promise<void> {
    const containers = await this.#engine.consumers(askBoundMs);
    const stopped = containers.filter(({ state }) => neverRunning.has(state));
    for (const volume of stopped.flatMap(({ volumes }) => volumes)) this.note(volume);
    this.#isFresh = false;
  }

  async #reviveUsersOf(volume: string, onAsked: () => void): Promise<void> {
    const containers = await this.#engine.consumersOf(volume, askBoundMs);
    const stopped = containers.filter(({ state }) => neverRunning.has(state));
    const ends = await Promise.all(stopped.map(({ id }) => this.#engine.end(id, askBoundMs)));
    // Before any is started: a start that fails again notes the volume again.
    onAsked();
    for (const [index, container] of stopped.entries()) {
      const end = ends[index];
      if (end === undefined || !kept.has(end.restartPolicy) || !ourWords.test(end.error)) continue;
      this.#log.warn(
        { audit: "start", volume, container: container.name },
        "started: its storage is back",
      );
      await this.#engine.start(container.id, startBoundMs).catch((error: unknown) => {
        this.#log.warn({ volume, container: container.name, err: error }, "could not be started");
      });
    }
  }
}
