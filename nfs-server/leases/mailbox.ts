import { v7 as uuid } from "uuid";
import type { LeaseReply, LeaseRequest } from "../../storage/swarmnfs/protocol/lease.ts";

/** A request whose answer went astray is told again after that long, milliseconds. */
const againMs = 3_000;

interface Asked {
  readonly request: LeaseRequest & { readonly kind: "release" };
  /** The last attachment of any node when it was asked. */
  readonly after: number;
  readonly answered: PromiseWithResolvers<Reply | null>;
  askers: number;
  /** When it was told last, `performance.now()`; null: never. */
  toldAt: number | null;
}

/** What a node says when asked for a lease: whether it gave it back, and if not, who uses it there. */
export type Reply =
  | { readonly released: true }
  | { readonly released: false; readonly consumers: readonly string[] };

/** What the server wants of one node, told through its renewals, which wait for it. */
export class Mailbox {
  readonly #asked = new Map<string, Asked>();
  #changed: LeaseRequest | null = null;
  #waiting: PromiseWithResolvers<void> | null = null;

  /**
   * Asks for a lease; all who want it share one request. Null: it was not answered within `ms`. `after` is the number of
   * the last attachment by then: a node that attaches again meanwhile has not released what it was asked for.
   */
  async ask(volume: string, after: number, ms: number): Promise<Reply | null> {
    const asked = this.#asked.get(volume) ?? this.#begin(volume, after);
    asked.askers += 1;
    const late = setTimeout(() => {
      asked.askers -= 1;
      if (asked.askers === 0) this.settle(volume, null);
      over.resolve(null);
    }, ms);
    const over = Promise.withResolvers<null>();
    try {
      return await Promise.race([asked.answered.promise, over.promise]);
    } finally {
      clearTimeout(late);
    }
  }

  /** What this reply is about, and null if nobody waits for it any more. */
  questionOf(reply: LeaseReply): { readonly volume: string; readonly after: number } | null {
    for (const { request, after } of this.#asked.values())
      if (request.id === reply.request) return { volume: request.volume, after };
    return null;
  }

  /** The question about this volume has its answer. */
  settle(volume: string, reply: Reply | null): void {
    this.#asked.get(volume)?.answered.resolve(reply);
    this.#asked.delete(volume);
  }

  /** The catalog changed. */
  announceChange(): void {
    this.#changed ??= { kind: "changed", id: uuid() };
    this.wake();
  }

  /** What there is to tell now. */
  take(): LeaseRequest[] {
    const now = performance.now();
    const due = [...this.#asked.values()].filter((asked) => isDue(asked, now));
    for (const asked of due) asked.toldAt = now;
    const changed = this.#changed === null ? [] : [this.#changed];
    this.#changed = null;
    return [...due.map(({ request }) => request), ...changed];
  }

  /** Waits until there is something to tell, `wake`, the signal, or a newer renewal; `ms` at most. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    this.wake(); // of two renewals the older one is of a connection that nobody listens to
    const now = performance.now();
    const isTelling =
      this.#changed !== null || [...this.#asked.values()].some((asked) => isDue(asked, now));
    if (isTelling || ms <= 0 || signal.aborted) return;
    const waiting = Promise.withResolvers<void>();
    this.#waiting = waiting;
    const timer = setTimeout(() => waiting.resolve(), ms);
    const onAbort = (): void => waiting.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await waiting.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (this.#waiting === waiting) this.#waiting = null;
    }
  }

  /** Ends the wait of a renewal. */
  wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  #begin(volume: string, after: number): Asked {
    const asked: Asked = {
      request: { kind: "release", id: uuid(), volume },
      after,
      answered: Promise.withResolvers<Reply | null>(),
      askers: 0,
      toldAt: null,
    };
    this.#asked.set(volume, asked);
    this.wake();
    return asked;
  }
}

function isDue({ toldAt }: Asked, now: number): boolean {
  return toldAt === null || now - toldAt >= againMs;
}
