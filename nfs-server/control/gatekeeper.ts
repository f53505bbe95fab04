import { Refusal } from "./refusal.ts";
import { RateLimit, type Rate } from "./rate-limit.ts";

/** How often callers may call. */
export interface Limits {
  /** Each node; a node that restarts attaches everything it has at once. */
  readonly node: Rate;
  /** Each address without a certificate. */
  readonly stranger: Rate;
  /** Long polls of each node, which count for nothing else. */
  readonly poll: Rate;
  readonly pollsAtOnce: number;
}

export const usualLimits: Limits = {
  node: { burst: 2000, perSecond: 100 },
  stranger: { burst: 60, perSecond: 1 },
  poll: { burst: 100, perSecond: 5 },
  pollsAtOnce: 8,
};

/** A caller whose certificate turned out to be void may try that this much less often. */
const penalty = 50;

/** Lets callers in no more often than they may. Limits are by who calls and from where, so that no thief starves a node. */
export class Gatekeeper {
  readonly #limits: Limits;
  readonly #nodes: RateLimit;
  readonly #strangers: RateLimit;
  readonly #polls: RateLimit;
  readonly #polling = new Map<string, number>();

  constructor(limits: Limits, monotonic: () => number) {
    this.#limits = limits;
    this.#nodes = new RateLimit(limits.node, monotonic);
    this.#strangers = new RateLimit(limits.stranger, monotonic);
    this.#polls = new RateLimit(limits.poll, monotonic);
  }

  /** Somebody with a certificate calls, whatever that may be worth. */
  node(caller: string): void {
    this.#nodes.take(caller);
  }

  /** It was worth nothing. */
  wasStranger(caller: string): void {
    this.#nodes.penalize(caller, penalty);
  }

  stranger(address: string): void {
    this.#strangers.take(networkOf(address));
  }

  /** A long poll begins; to be called when it has ended. */
  poll(caller: string): () => void {
    const already = this.#polling.get(caller) ?? 0;
    if (already >= this.#limits.pollsAtOnce)
      throw new Refusal("too-many", `${already} long polls of this node are waiting already`, 20);
    this.#polls.take(caller);
    this.#polling.set(caller, already + 1);
    return () => {
      const left = (this.#polling.get(caller) ?? 1) - 1;
      if (left === 0) this.#polling.delete(caller);
      else this.#polling.set(caller, left);
    };
  }
}

/** Whoever has an IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const front = head.split(":").filter(Boolean);
  const back = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
}
