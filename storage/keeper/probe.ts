import type { Child } from "./child.ts";

/**
 * Looks again and again whether a storage in trouble is well. Each look at one that hangs may leave a process behind
 * that cannot be killed; so the more of them there are, the rarer it looks, and it looks at once when one gets free.
 */
export class Probe {
  readonly #look: () => Promise<boolean>;
  readonly #everyMs: number;
  readonly #stuck = new Set<Child>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #wanted = false;

  /** `look` says whether the storage is well, and never rejects. */
  constructor(look: () => Promise<boolean>, everyMs: number) {
    this.#look = look;
    this.#everyMs = everyMs;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#schedule();
  }

  stop(): void {
    this.#wanted = false;
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** A child that was killed while it hung. */
  abandoned(child: Child): void {
    if (this.#stuck.has(child)) return;
    this.#stuck.add(child);
    void this.#await(child);
  }

  async #await(child: Child): Promise<void> {
    await child.exited;
    this.#stuck.delete(child);
    if (this.#wanted) await this.#now();
  }

  #schedule(): void {
    clearTimeout(this.#timer ?? undefined);
    const stuck = this.#stuck.size;
    const factor = stuck < 3 ? 1 : stuck < 10 ? 20 : 200;
    this.#timer = setTimeout(() => void this.#now(), this.#everyMs * factor).unref();
  }

  async #now(): Promise<void> {
    clearTimeout(this.#timer ?? undefined);
    if (this.#looking) return;
    this.#looking = true;
    const well = await this.#look();
    this.#looking = false;
    if (well) this.stop();
    if (this.#wanted) this.#schedule();
  }
}
