/** A way that can be closed: whoever comes to it then waits until it is opened. */
export class Valve {
  #opening: PromiseWithResolvers<void> | null = null;
  #waiting = 0;

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  close(): void {
    this.#opening ??= Promise.withResolvers<void>();
  }

  open(): void {
    this.#opening?.resolve();
    this.#opening = null;
  }

  async passed(): Promise<void> {
    if (this.#opening === null) return;
    this.#waiting += 1;
    await this.#opening.promise;
    this.#waiting -= 1;
  }
}
