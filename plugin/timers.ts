/** One timer a key, all of the same length; a new one replaces the one before. None of them keeps the process alive. */
export class Timers {
  readonly #ms: number;
  readonly #running = new Map<string, NodeJS.Timeout>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  set(key: string, task: () => void): void {
    this.cancel(key);
    const timer = setTimeout(() => {
      this.#running.delete(key);
      task();
    }, this.#ms);
    this.#running.set(key, timer.unref());
  }

  cancel(key: string): void {
    clearTimeout(this.#running.get(key));
    this.#running.delete(key);
  }

  cancelAll(): void {
    for (const key of this.#running.keys()) this.cancel(key);
  }
}
