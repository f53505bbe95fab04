import type { WorkProgress } from "../../storage/backup/verbs.ts";
import { Slots } from "./slots.ts";

/** Whoever waits for a work. */
export interface Attending {
  readonly onProgress?: (progress: WorkProgress) => void;
  /** Of whoever asked first it ends the work; of others only their waiting. */
  readonly signal: AbortSignal;
}

/** What a work gets to do its work with. */
export interface Work {
  readonly signal: AbortSignal;
  tell(progress: WorkProgress): void;
}

interface Running {
  readonly kind: string;
  readonly ended: Promise<unknown>;
  readonly listeners: Set<(progress: WorkProgress) => void>;
}

/** Works on apps: one at a time for each app, a few at a time for all, each told of by everybody who waits for it. */
export class AppWorks {
  readonly #slots: Slots;
  readonly #life: AbortSignal;
  readonly #running = new Map<string, Running>();

  /** `life` ends all of them. */
  constructor(parallel: number, life: AbortSignal) {
    this.#slots = new Slots(parallel);
    this.#life = life;
  }

  /** What an app is busy with; null: nothing. */
  busyWith(app: string): string | null {
    return this.#running.get(app)?.kind ?? null;
  }

  /**
   * Does `work` when the app is free and there is a slot. With `joins`, a work of the same kind that is going on is waited
   * for instead, and its result is the answer: all works of one kind have the same type of result.
   */
  async do<Result>(
    app: string,
    kind: string,
    work: (work: Work) => Promise<Result>,
    attending: Attending,
    joins = false,
  ): Promise<Result> {
    for (;;) {
      const current = this.#running.get(app);
      if (current === undefined) break;
      if (joins && current.kind === kind)
        return this.#attend(current, attending) as Promise<Result>;
      await unless(
        attending.signal,
        current.ended.catch(() => undefined),
      );
    }
    return this.#begin(app, kind, work, attending);
  }

  /** Settles when all have ended. */
  async settled(): Promise<void> {
    while (this.#running.size > 0)
      await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
  }

  #begin<Result>(
    app: string,
    kind: string,
    work: (work: Work) => Promise<Result>,
    { signal: own, onProgress }: Attending,
  ): Promise<Result> {
    const signal = AbortSignal.any([own, this.#life]);
    const listeners = new Set(onProgress === undefined ? [] : [onProgress]);
    const tell = (progress: WorkProgress): void => {
      for (const listener of listeners) listener(progress);
    };
    const ended = this.#inSlot(() => work({ signal, tell }), signal).finally(() =>
      this.#running.delete(app),
    );
    // Whoever waits hears of a failure; nobody else has to.
    ended.catch(() => undefined);
    this.#running.set(app, { kind, ended, listeners });
    return ended;
  }

  async #inSlot<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const giveBack = await this.#slots.take(signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      giveBack();
    }
  }

  async #attend(running: Running, { signal, onProgress }: Attending): Promise<unknown> {
    if (onProgress !== undefined) running.listeners.add(onProgress);
    try {
      return await unless(signal, running.ended);
    } finally {
      if (onProgress !== undefined) running.listeners.delete(onProgress);
    }
  }
}

/** Rejects with the signal's reason as soon as it aborts; the work itself goes on then. */
async function unless<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
