import type { HeldLease, StorageLease } from "../engine/lease.ts";

/** The right to write to the backups of this storage: taken when it is first needed, kept, and taken again when it was lost. */
export class LeaseKeeper {
  readonly #lease: StorageLease;
  #held: HeldLease | null = null;
  #taking: Promise<HeldLease> | null = null;

  constructor(lease: StorageLease) {
    this.#lease = lease;
  }

  /** What is held now, or null. */
  get current(): HeldLease | null {
    return this.#held?.held() === true ? this.#held : null;
  }

  /** Throws `in-use`, naming the holder, while another service has it. */
  hold(): Promise<HeldLease> {
    const { current } = this;
    if (current !== null) return Promise.resolve(current);
    this.#taking ??= this.#take().finally(() => {
      this.#taking = null;
    });
    return this.#taking;
  }

  /** All that was done under it must have ended. */
  async release(): Promise<void> {
    await this.#taking?.catch(() => undefined);
    await this.#held?.release();
    this.#held = null;
  }

  async #take(): Promise<HeldLease> {
    // What is left of the one that was lost renews itself no more.
    await this.#held?.release().catch(() => undefined);
    this.#held = await this.#lease.acquire();
    return this.#held;
  }
}
