interface Attempt<Result> {
  /** The id of the record it is for: a name may come again. */
  readonly id: string;
  readonly done: Promise<Result>;
}

/** One attempt at a time for each volume, shared by all who ask for it meanwhile. */
export class Attempts<Result> {
  readonly #running = new Map<string, Attempt<Result>>();
  /** How many callers are between asking for a mount and being counted as its holder. */
  readonly #arriving = new Map<string, number>();

  isRunning(volume: string): boolean {
    return this.#running.has(volume);
  }

  /** Whether an attempt is under way, or a caller for whom one was made has not been counted as a holder yet. */
  isExpected(volume: string): boolean {
    return this.#arriving.has(volume) || this.#running.has(volume);
  }

  /** Somebody asks for the volume, and is expected until the answer is called. */
  arrive(volume: string): () => void {
    this.#arriving.set(volume, (this.#arriving.get(volume) ?? 0) + 1);
    return () => {
      const others = (this.#arriving.get(volume) ?? 1) - 1;
      if (others === 0) this.#arriving.delete(volume);
      else this.#arriving.set(volume, others);
    };
  }

  /** Joins the attempt that is under way for this record, or begins one. `over` is called when that has ended. */
  share(
    volume: string,
    id: string,
    begin: () => Promise<Result>,
    over: () => void,
  ): { readonly done: Promise<Result>; readonly isNew: boolean } {
    const running = this.#running.get(volume);
    if (running?.id === id) return { done: running.done, isNew: false };
    const done = begin().finally(() => {
      if (this.#running.get(volume)?.done === done) this.#running.delete(volume);
      over();
    });
    this.#running.set(volume, { id, done });
    return { done, isNew: true };
  }
}
