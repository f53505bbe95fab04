import { formatDuration, formatMoment } from "../../service/age.ts";
import { rfc3339, type Clock } from "../../service/clock.ts";
import type { Trouble } from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";

interface State {
  readonly since: number;
  /** Nobody but the probe asks it. */
  readonly refuses: boolean;
  /** Null: it hangs, which is all that is known. */
  readonly reason: string | null;
}

/**
 * The circuit breaker of one storage. A storage that **hangs**, or that is **away** (there is no way to it), is not
 * asked again until a probe found it well: its callers get the reason at once. One that **fails** quickly is still
 * asked, since that costs nothing, and probed too, so that its return is noticed although nobody asks.
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
    return { reason: this.#reason(state), since: rfc3339(state.since) };
  }

  /** Throws `unavailable` with the true reason while the storage hangs or is away. */
  check(): void {
    if (this.#state?.refuses === true) throw new StorageUnavailable(this.#reason(this.#state));
  }

  /** What callers get whose call was not answered. */
  silent(since = this.#state?.since ?? this.#clock.now()): StorageUnavailable {
    return new StorageUnavailable(this.#silence(since));
  }

  hung(since: number): void {
    this.#change({ since: this.#state?.since ?? since, refuses: true, reason: null });
  }

  /** It cannot be reached at all, which takes a while to find out. */
  away(reason: string): void {
    this.#change({ since: this.#since(), refuses: true, reason });
  }

  /** It answered with an error; of one that hung or was away that is news only if the probe saw it. */
  failed(reason: string, probe: boolean): void {
    if (probe || this.#state?.refuses !== true)
      this.#change({ since: this.#since(), refuses: false, reason });
  }

  /** A storage that fails is well again with its first success; one that hung or was away, when the probe says so. */
  succeeded(probe: boolean): void {
    if (this.#state !== null && (probe || !this.#state.refuses)) this.#change(null);
  }

  #since(): number {
    return this.#state?.since ?? this.#clock.now();
  }

  #change(state: State | null): void {
    const before = this.#state;
    this.#state = state;
    if (before?.refuses !== state?.refuses || before?.reason !== state?.reason)
      this.#onChange(this.trouble);
  }

  #reason({ refuses, reason, since }: State): string {
    if (reason === null) return this.#silence(since);
    return refuses
      ? `${reason}. It has been so since ${formatMoment(since, this.#clock.now())}`
      : reason;
  }

  #silence(since: number): string {
    const now = this.#clock.now();
    return `${this.#url} has not answered for ${formatDuration(now - since)}, since ${formatMoment(since, now)}. Nothing is lost; this works again when it does`;
  }
}
