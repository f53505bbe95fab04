import { bounded } from "../../../service/bounded.ts";
import { RemoteFailure } from "../failure.ts";

/** How long one request may take, in its parts; milliseconds. */
export interface Bounds {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** Until the first of the answer, after all was sent. Servers put files together in this time. */
  readonly answerMs: number;
  /** Without any, or with next to no, bytes while we wait for the server to take or give some. */
  readonly silenceMs: number;
}

export const usualBounds: Bounds = { connectMs: 10_000, answerMs: 120_000, silenceMs: 60_000 };

/** Slower than this is as good as dead: a pack would take half a day. */
const slowest = 512; // bytes in a second

/** Bounds the waits for one server's bytes. Time in which nobody waits for the server does not count. */
export class Patience {
  readonly #host: string;
  readonly #bounds: Bounds;
  #waitedMs = 0;
  #bytes = 0;

  constructor(host: string, bounds: Bounds) {
    this.#host = host;
    this.#bounds = bounds;
  }

  /** Waits for a piece that the server takes or gives, whose bytes `size` tells. Throws `network`. */
  async piece<T>(work: Promise<T>, size: (result: T) => number): Promise<T> {
    const begin = performance.now();
    const result = await bounded(work, this.#bounds.silenceMs, () => this.#failure("went silent"));
    this.#waitedMs += performance.now() - begin;
    this.#bytes += size(result);
    if (this.#waitedMs < this.#bounds.silenceMs) return result;
    if (this.#bytes < (slowest * this.#waitedMs) / 1000)
      throw this.#failure("is as slow as if it were dead");
    this.#waitedMs = 0;
    this.#bytes = 0;
    return result;
  }

  /** Waits for the beginning of the answer. Throws `network`. */
  answer<T>(work: Promise<T>): Promise<T> {
    return bounded(work, this.#bounds.answerMs, () => this.#failure("does not answer"));
  }

  #failure(what: string): RemoteFailure {
    return new RemoteFailure("network", `"${this.#host}" ${what}`);
  }
}
