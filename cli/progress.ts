import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Says what is being waited for, once that takes longer than people wait without wondering. It writes one line on a
 * terminal and takes it away again; anywhere else it is silent.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #write: (text: string) => void;
  readonly #patienceMs: number;

  constructor(terminal: Terminal, write: (text: string) => void, patienceMs = 2000) {
    this.#terminal = terminal;
    this.#write = write;
    this.#patienceMs = patienceMs;
  }

  async during<T>(doing: string, work: Promise<T>): Promise<T> {
    if (!this.#terminal.interactive) return work;
    const started = performance.now();
    let timer = setTimeout(show, this.#patienceMs, this);
    let shown = false;

    function show(progress: Progress): void {
      shown = true;
      const seconds = Math.round((performance.now() - started) / 1000);
      progress.#replace(`${doing}, ${seconds} s so far (Ctrl-C is safe)`);
      timer = setTimeout(show, 1000, progress);
    }

    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (shown) this.#replace("");
    }
  }

  // Cut at the terminal's edge: a line that wrapped could not be taken away again.
  #replace(text: string): void {
    const shown = printable(text, !this.#terminal.unicode).slice(0, this.#terminal.width - 1);
    this.#write(`\r\u001B[K${shown}`);
  }
}
