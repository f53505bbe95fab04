import { formatDuration, formatMoment } from "../../service/age.ts";
import { rfc3339, type Clock } from "../../service/clock.ts";
import type { Trouble } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";

interface State {
  readonly since: number;
  readonly hung: boolean;
  readonly reason: string;
}

/**
 * The circuit breaker of one storage. A storage that **hangs** is not asked again until a probe found it well: its
 * callers get the reason at once. One that **fails** quickly is still asked, since that costs nothing, and probed too,
 * so that its return is noticed although nobody asks.
 */
export class Breaker {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #onChange: (trouble: Trouble | null) => void;
  #state: State | null = null;

  constructor(url: string, clock: Clock, onChange: (trouble: Trouble | null) => void) {
    this.#url = url;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get trouble(): Trouble | null {
    const state = this.#state;
    if (state === null) return null;
    return {
      reason: state.hung ? this.#silence(state.since) : state.reason,
      since: rfc3339(state.since),
    };
  }

  /** Throws `unavailable` with the true reason while the storage hangs. */
  check(): void {
    if (this.#state?.hung === true) throw this.silent();
  }

  /** What callers get whose call was not answered. */
  silent(since = this.#state?.since ?? this.#clock.now()): StorageUnavailable {
    return new StorageUnavailable(this.#silence(since));
  }

  hung(since: number): void {
    this.#change({ since: this.#state?.since ?? since, hung: true, reason: "" });
  }

  failed(reason: string): void {
    if (this.#state?.hung !== true)
      this.#change({ since: this.#state?.since ?? this.#clock.now(), hung: false, reason });
  }

  /** A storage that fails is well again with its first success; one that hung, when the probe says so. */
  succeeded(probe: boolean): void {
    if (this.#state !== null && (probe || !this.#state.hung)) this.#change(null);
  }

  #change(state: State | null): void {
    const before = this.#state;
    this.#state = state;
    if (before?.hung !== state?.hung || before?.reason !== state?.reason)
      this.#onChange(this.trouble);
  }

  #silence(since: number): string {
    const now = this.#clock.now();
    return `${this.#url} has not answered for ${formatDuration(now - since)}, since ${formatMoment(since, now)}. Nothing is lost; this works again when it does`;
  }
}
