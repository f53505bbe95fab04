/**
 * One request of Docker's and how long it may take. All of it must be over 22 s after it arrived: below the 30 s that
 * `docker plugin enable` sets for every call, which is the shortest patience Docker has.
 */
export class Call {
  static readonly boundMs = 22_000;
  readonly #hangUp = new AbortController();
  readonly signal: AbortSignal;

  /** `arrivedAt` and `now` are milliseconds of one monotonic clock. */
  constructor(arrivedAt: number, now: number) {
    const left = Math.max(0, Call.boundMs - (now - arrivedAt));
    this.signal = AbortSignal.any([this.#hangUp.signal, AbortSignal.timeout(left)]);
  }

  /** Docker has closed the connection: whatever is done from now on nobody will hear of. */
  hangUp(): void {
    this.#hangUp.abort(new Error("Docker hung up"));
  }

  /** Settles as `work` does, or rejects when time is up; the work itself goes on. */
  async within<T>(work: Promise<T>, late: () => Error): Promise<T> {
    if (this.signal.aborted) throw late();
    let stop: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      stop = () => reject(late());
      this.signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      if (stop !== undefined) this.signal.removeEventListener("abort", stop);
    }
  }
}
