interface Attempt<Result> {
  /** The id of the record it is for: a name may come again. */
  readonly id: string;
  readonly done: Promise<Result>;
}

/** One attempt at a time for each volume, shared by all who ask for it meanwhile. */
export class Attempts<Result> {
  readonly #running = new Map<string, Attempt<Result>>();

  isRunning(volume: string): boolean {
    return this.#running.has(volume);
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
