/** A span in which nobody was heard counts for no more than this, in milliseconds: nodes call at least every 20 s. */
const unheardMs = 30_000;

/**
 * The clock by which terms run, milliseconds. Time in which the server heard nobody at all stands still: it was stopped,
 * or cut off from everybody, and when it hears again, it must not fence the first node's rivals before they had a chance
 * to call. As long as any node renews, it is as even as the monotonic clock under it.
 */
export class TermClock {
  readonly #monotonic: () => number;
  #heardAt: number;
  #counted = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#heardAt = monotonic();
  }

  now(): number {
    return this.#counted + Math.min(this.#monotonic() - this.#heardAt, unheardMs);
  }

  /** A node called. */
  heard(): void {
    this.#counted = this.now();
    this.#heardAt = this.#monotonic();
  }
}
