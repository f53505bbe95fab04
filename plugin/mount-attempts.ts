import { messageOf } from "../service/message-of.ts";
import { UserError } from "../service/user-error.ts";

/** A volume that could not be mounted when that was last tried. */
export interface FailingMount {
  /** How often in a row. */
  readonly times: number;
  /** Milliseconds by the clock that never jumps: when it failed first in this row, and when last. */
  readonly since: number;
  readonly last: number;
  /** In words for people. */
  readonly reason: string;
}

/** `refused`: the storage answered, and does not give it now. */
export type MountOutcome = "mounted" | "refused" | "failed";

/** So long nobody has wanted it: what is wrong with it is nobody's trouble any more. Milliseconds. */
const forgottenMs = 3_600_000;
/** Names come from whoever asks for volumes, so there is a bound. */
const mostFailing = 100;

/** What came of the last attempts to mount volumes on this node. */
export class MountAttempts {
  readonly #failing = new Map<string, FailingMount>();
  readonly #monotonic: () => number;
  readonly #told: (ms: number, outcome: MountOutcome) => void;

  /**
   * `told`: hears of each attempt when it ends, and how many milliseconds it took. `monotonic`: milliseconds of a clock
   * that never jumps.
   */
  constructor(
    told: (ms: number, outcome: MountOutcome) => void = () => undefined,
    monotonic: () => number = () => performance.now(),
  ) {
    this.#told = told;
    this.#monotonic = monotonic;
  }

  /** The attempt, and what came of it. */
  async run<Result>(volume: string, attempt: () => Promise<Result>): Promise<Result> {
    const began = this.#monotonic();
    try {
      const result = await attempt();
      this.#ended(volume, began, null);
      return result;
    } catch (error) {
      this.#ended(volume, began, error);
      throw error;
    }
  }

  /** By volume; those that nobody has tried for an hour are left out. */
  failing(): ReadonlyMap<string, FailingMount> {
    const limit = this.#monotonic() - forgottenMs;
    for (const [volume, { last }] of this.#failing) if (last < limit) this.#failing.delete(volume);
    return this.#failing;
  }

  #ended(volume: string, began: number, error: unknown): void {
    const last = this.#monotonic();
    const outcome = outcomeOf(error);
    this.#told(last - began, outcome);
    const before = this.failing().get(volume);
    this.#failing.delete(volume);
    if (outcome !== "failed") return;
    const row = { times: (before?.times ?? 0) + 1, since: before?.since ?? last };
    this.#failing.set(volume, { ...row, last, reason: messageOf(error) });
    const [oldest] = this.#failing.keys();
    if (this.#failing.size > mostFailing && oldest !== undefined) this.#failing.delete(oldest);
  }
}

function outcomeOf(error: unknown): MountOutcome {
  if (error === null) return "mounted";
  return error instanceof UserError && error.code !== "unavailable" ? "refused" : "failed";
}
