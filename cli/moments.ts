import { formatAge, formatDuration } from "../service/age.ts";
import type { Clock } from "../service/clock.ts";
import type { Terminal } from "./terminal.ts";

/** Times as the reader wants them: ages for a person, RFC 3339 for a file or a program. */
export class Moments {
  readonly #now: number;
  readonly #forPeople: boolean;

  constructor(clock: Clock, terminal: Terminal) {
    this.#now = clock.now();
    this.#forPeople = terminal.interactive;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** `3 h ago`. */
  ago(time: string): string {
    return this.#say(time, (then) => formatAge(then, this.#now), time);
  }

  /** For a sentence: `3 h ago`, or `at 2026-03-01T09:14:02Z`. */
  at(time: string): string {
    return this.#say(time, (then) => formatAge(then, this.#now), `at ${time}`);
  }

  /** `for 3 h`, or `since 2026-03-01T09:14:02Z`. */
  since(time: string): string {
    return this.#say(time, (then) => `for ${formatDuration(this.#now - then)}`, `since ${time}`);
  }

  /** `in 29 d`, or `due` when that moment has passed. */
  until(time: string): string {
    return this.#say(
      time,
      (then) => (then <= this.#now ? "due" : `in ${formatDuration(then - this.#now)}`),
      time,
    );
  }

  /** Milliseconds that have passed since then; `NaN` for what is no moment. */
  span(time: string): number {
    return this.#now - Date.parse(time);
  }

  #say(time: string, words: (then: number) => string, exact: string): string {
    const then = Date.parse(time);
    return this.#forPeople && !Number.isNaN(then) ? words(then) : exact;
  }
}
