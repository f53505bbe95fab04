import type { Clock } from "../../service/clock.ts";

/**
 * The time by the storage's own clock, learnt from the modification times of files that were just written there: ages
 * of files on a shared storage may not depend on how well the nodes' clocks agree.
 */
export class StorageClock implements Clock {
  readonly #clock: Clock;
  #offset = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be told the modification time of every file that was written a moment ago. */
  observe(mtimeMs: bigint): void {
    this.#offset = Number(mtimeMs) - this.#clock.now();
  }

  now(): number {
    return this.#clock.now() + this.#offset;
  }
}
