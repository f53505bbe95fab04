import { setTimeout as delay } from "node:timers/promises";
import { RemoteFailure } from "../failure.ts";

/** For how long trouble is waited out, in milliseconds, counted from the first failure of a request: what came before it was slow, not broken. */
export interface EnduranceSettings {
  /** No answer, busy, or the server's own failures. */
  readonly outageMs: number;
  /** Locks of others: after a broken upload some servers hold one for five minutes. */
  readonly lockedMs: number;
  /**
   * A password that was right is refused, or the place is gone that was there: servers that are starting say such things as
   * well, so this is counted from the first such answer, also after a long outage. Before anything was ever right, these are
   * not waited for.
   */
  readonly doubtMs: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

export const usualEndurance: EnduranceSettings = {
  outageMs: 600_000,
  lockedMs: 420_000,
  doubtMs: 60_000,
  firstWaitMs: 500,
  longestWaitMs: 15_000,
};

/** Time that passes, as an effect that tests can give. */
export interface Pacing {
  /** Milliseconds that only go forward. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemPacing: Pacing = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Told while something is waited out, and null when it is over. */
export type Waiting = (failure: RemoteFailure | null) => void;

/** Repeats what failed for as long as waiting may help, with growing, scattered waits, or as the server asks. */
export class Endurance {
  readonly #settings: EnduranceSettings;
  readonly #pacing: Pacing;
  #wasWell = false;

  constructor(settings: EnduranceSettings, pacing: Pacing) {
    this.#settings = settings;
    this.#pacing = pacing;
  }

  /**
   * Settles as `attempt` does when it succeeds, fails with what waiting does not mend, or has failed for too long. `attempt`
   * is told how often it was tried before.
   */
  async run<T>(
    attempt: (before: number) => Promise<T>,
    waiting: Waiting,
    signal?: AbortSignal,
  ): Promise<T> {
    let isTold = false;
    const tell = (failure: RemoteFailure): void => {
      isTold = true;
      waiting(failure);
    };
    try {
      return await this.#repeat(attempt, tell, signal);
    } finally {
      // Also when nobody wants to wait any more.
      if (isTold) waiting(null);
    }
  }

  async #repeat<T>(
    attempt: (before: number) => Promise<T>,
    tell: (failure: RemoteFailure) => void,
    signal?: AbortSignal,
  ): Promise<T> {
    let failingSince: number | null = null;
    let doubtedSince: number | null = null;
    for (let before = 0; ; before += 1) {
      try {
        const result = await attempt(before);
        this.#wasWell = true;
        return result;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof RemoteFailure)) throw error;
        const waitMs = this.#wait(error, before);
        const now = this.#pacing.now();
        failingSince ??= now;
        const since = isDoubtful(error) ? (doubtedSince ??= now) : failingSince;
        if (now - since + waitMs > this.#patienceFor(error)) throw error;
        tell(error);
        await this.#pacing.sleep(waitMs, signal);
      }
    }
  }

  #patienceFor(failure: RemoteFailure): number {
    const { outageMs, lockedMs, doubtMs } = this.#settings;
    if (isDoubtful(failure)) return this.#wasWell && failure.cause !== final ? doubtMs : -1;
    if (!failure.waitingHelps) return -1;
    return failure.kind === "locked" ? lockedMs : outageMs;
  }

  #wait(failure: RemoteFailure, before: number): number {
    const { firstWaitMs, longestWaitMs } = this.#settings;
    if (failure.retryAfterMs !== null) return failure.retryAfterMs;
    const growing = Math.min(firstWaitMs * 2 ** Math.min(before, 20), longestWaitMs);
    // Scattered, so that many waiting for one server do not come back all at once.
    return growing * (0.5 + Math.random() / 2);
  }
}

function isDoubtful({ kind }: RemoteFailure): boolean {
  return kind === "auth" || kind === "wrong-target";
}

/** As the cause of a failure: it is not waited for even if all was well before. */
export const final = Symbol("final");
