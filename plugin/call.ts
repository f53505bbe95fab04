/**
 * One request of Docker's and how long it may take. All of it must be over 22 s after it arrived: below the 30 s that
 * `docker plugin enable` sets for every call, which is the shortest patience Docker has.
 */
export class Call {
  static readonly boundMs = 22_000;
  readonly #deadline: number;
  #isLate = false;
  readonly #hangUp = new AbortController();

  /** `arrivedAt` is on `performance.now()`'s clock. */
  constructor(arrivedAt: number) {
    this.#deadline = arrivedAt + Call.boundMs;
  }

  /** Nobody waits for the answer any more: Docker closed the connection, or time is up. */
  get isOver(): boolean {
    return this.#hangUp.signal.aborted || this.#isLate || performance.now() >= this.#deadline;
  }

  /** Docker has closed the connection: whatever is done from now on nobody will hear of. */
  hangUp(): void {
    this.#hangUp.abort();
  }

  /** Settles as `work` does, or rejects when the call is over; the work itself goes on, and may fail unheard. */
  async within<T>(work: Promise<T>, late: () => Error): Promise<T> {
    work.catch(() => undefined);
    if (this.isOver) throw late();
    const over = Promise.withResolvers<never>();
    const stop = (): void => over.reject(late());
    const timer = setTimeout(() => {
      // A timer may fire a moment before its time; whoever was told "too late" must find it so.
      this.#isLate = true;
      stop();
    }, this.#deadline - performance.now());
    this.#hangUp.signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([work, over.promise]);
    } finally {
      clearTimeout(timer);
      this.#hangUp.signal.removeEventListener("abort", stop);
    }
  }
}
