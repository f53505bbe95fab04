import { Refusal } from "./refusal.ts";

/** So many at once, and so many more each second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Callers beyond that push out whoever was quiet for longest. */
const mostCallers = 10_000;

/** How often each of many callers may call. Nobody's calls are at the cost of another's. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #monotonic: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `monotonic` in milliseconds. */
  constructor(rate: Rate, monotonic: () => number) {
    this.#rate = rate;
    this.#monotonic = monotonic;
  }

  /** Throws `Refusal` (too-many) when the caller has to wait. */
  take(caller: string): void {
    const bucket = this.#bucket(caller);
    if (bucket.left < 1) {
      const waitS = Math.ceil((1 - bucket.left) / this.#rate.perSecond);
      throw new Refusal("too-many", `too many requests: try again in ${waitS} s`, waitS);
    }
    bucket.left -= 1;
  }

  /** What was done was a nuisance: it counts for more than one. */
  penalize(caller: string, calls: number): void {
    const bucket = this.#bucket(caller);
    bucket.left = Math.max(0, bucket.left - calls);
  }

  #bucket(caller: string): Bucket {
    const now = this.#monotonic();
    const { burst, perSecond } = this.#rate;
    const before = this.#buckets.get(caller) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond);
    const bucket = { left, at: now };
    // The last one to call stands last.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    const [quietest] = this.#buckets.keys();
    if (this.#buckets.size > mostCallers && quietest !== undefined) this.#buckets.delete(quietest);
    return bucket;
  }
}
