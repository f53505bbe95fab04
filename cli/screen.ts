import { printable, printableJson } from "./printable.ts";
import { type Column, layOutTable, type Line, type Row } from "./table.ts";
import {
  paint,
  type Part,
  type Symbols,
  symbolsFor,
  type Terminal,
  textOf,
  withText,
} from "./terminal.ts";
import { pad, wrap } from "./wrap.ts";

/** A labelled value of a block; several lines stand below each other. */
export type Fact = readonly [label: string, ...lines: Part[]];

/**
 * The only way to a stream. Whatever is given to it is made printable first: no text, wherever it comes from, reaches
 * the terminal as an escape sequence or as a second line.
 */
export class Screen {
  readonly terminal: Terminal;
  readonly symbols: Symbols;
  readonly #write: (text: string) => void;

  constructor(terminal: Terminal, write: (text: string) => void) {
    this.terminal = terminal;
    this.symbols = symbolsFor(terminal);
    this.#write = write;
  }

  line(...parts: Part[]): void {
    const text = parts.map((part) => paint(this.#printable(part), this.terminal)).join("");
    this.#write(`${text}\n`);
  }

  /** One paragraph, broken between words and indented; `first` replaces the indent of the first line. */
  paragraph(text: string, indent = "", first: readonly Part[] = [indent]): void {
    const lines = wrap(textOf(this.#printable(text)), this.#measure - indent.length);
    for (const [index, line] of lines.entries())
      this.line(...(index === 0 ? first : [indent]), line);
  }

  table(columns: readonly Column[], rows: readonly Row[]): void {
    const safe = rows.map((row) => row.map((cell) => this.#printable(cell)));
    this.#lines(layOutTable(columns, safe, this.terminal.width));
  }

  /** `label   value`, values aligned and broken inside their own column. */
  facts(facts: readonly Fact[], indent = ""): void {
    const gap = 3;
    const column = Math.max(...facts.map(([label]) => label.length)) + gap;
    const room = this.terminal.width - column - indent.length;
    for (const [label, ...values] of facts) {
      const pieces = values.flatMap((value) => {
        const safe = this.#printable(value);
        return wrap(textOf(safe), room).map((text) => withText(safe, text));
      });
      for (const [index, piece] of pieces.entries()) {
        this.line(indent, index === 0 ? label.padEnd(column) : pad(column), piece);
      }
    }
  }

  json(value: unknown): void {
    this.#write(`${printableJson(value, this.#ascii)}\n`);
  }

  // A terminal that is not known to read UTF-8 gets ASCII only; a file or a program gets every letter as it is.
  get #ascii(): boolean {
    return this.terminal.interactive && !this.terminal.unicode;
  }

  // Prose on a very wide terminal is hard to read.
  get #measure(): number {
    return this.terminal.interactive ? Math.min(this.terminal.width, 100) : Infinity;
  }

  #lines(lines: readonly Line[]): void {
    for (const line of lines) this.line(...line);
  }

  #printable(part: Part): Part {
    return withText(part, printable(textOf(part), this.#ascii));
  }
}
