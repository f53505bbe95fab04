import { formatDuration } from "../service/age.ts";
import { printable } from "./printable.ts";
import type { Screen } from "./screen.ts";

/** How often a line is written where there is no terminal, milliseconds. */
const lineEveryMs = 10_000;
const width = 20;

/** How far a work of so many steps is. */
export interface Steps {
  readonly doing: string;
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

/** One line that changes on a terminal, a line now and then anywhere else, nothing with `--json`. */
export class StepBar {
  readonly #screen: Screen;
  readonly #write: (text: string) => void;
  readonly #quiet: boolean;
  #shown = false;
  #linedAt = -Infinity;

  constructor(screen: Screen, write: (text: string) => void, quiet: boolean) {
    this.#screen = screen;
    this.#write = write;
    this.#quiet = quiet;
  }

  show(steps: Steps): void {
    if (this.#quiet) return;
    const left = `${formatDuration(steps.secondsLeft * 1000)} left`;
    if (this.#screen.terminal.interactive) {
      const [full, empty] = this.#screen.terminal.unicode ? ["█", "░"] : ["#", "."];
      const share = steps.total === 0 ? 0 : Math.min(1, steps.done / steps.total);
      const many = Math.round(share * width);
      const bar = full.repeat(many) + empty.repeat(width - many);
      const words = `${Math.floor(share * 100)} %   ${left}   ${steps.doing} (Ctrl-C is safe)`;
      this.#replace(`  ${bar}   ${words}`);
      this.#shown = true;
    } else if (performance.now() - this.#linedAt >= lineEveryMs) {
      this.#linedAt = performance.now();
      this.#screen.line(`${steps.doing}, ${steps.done} of ${steps.total}, ${left}`);
    }
  }

  clear(): void {
    if (this.#shown) this.#replace("");
    this.#shown = false;
  }

  // Cut at the terminal's edge: a line that wrapped could not be taken away again.
  #replace(text: string): void {
    const { unicode, width: columns } = this.#screen.terminal;
    this.#write(`\r\u001B[K${printable(text, !unicode).slice(0, columns - 1)}`);
  }
}
