import type { WriteStream } from "node:tty";

/** What a stream can show, decided once at the start. */
export interface Terminal {
  /** A person reads it, rather than a file or a program. */
  readonly interactive: boolean;
  /** Columns; `Infinity` where no person reads. */
  readonly width: number;
  readonly colour: boolean;
  /** Whether `✔` and `–` arrive as such. */
  readonly unicode: boolean;
}

/** red: act, yellow: look, green: fine. Never the only bearer of its meaning. */
export type Tone = "act" | "look" | "fine";

/** A piece of a line; a bare string has no tone. */
export type Part = string | { readonly text: string; readonly tone: Tone };

export interface Symbols {
  readonly ok: string;
  readonly problem: string;
  readonly warning: string;
  /** Stands where there is no value. */
  readonly none: string;
  readonly arrow: string;
}

const unicodeSymbols: Symbols = { ok: "✔", problem: "✘", warning: "!", none: "–", arrow: "→" };
const plainSymbols: Symbols = {
  ok: "ok",
  problem: "FAIL",
  warning: "warn",
  none: "-",
  arrow: "->",
};

/** A stream as far as this file needs it: `process.stdout` is one. */
export type Shown = Pick<Partial<WriteStream>, "isTTY" | "columns">;

/** `NO_COLOR` as on no-color.org: any value but the empty one. */
export function detectTerminal(stream: Shown, environment: NodeJS.ProcessEnv): Terminal {
  const interactive = stream.isTTY === true;
  const dumb = environment["TERM"] === undefined || environment["TERM"] === "dumb";
  // The order in which the C library looks for the character set.
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  return {
    interactive,
    // A terminal that does not know its width says 0 (a serial line).
    width: interactive && stream.columns ? stream.columns : Infinity,
    colour: interactive && !dumb && !environment["NO_COLOR"],
    unicode: interactive && /utf-?8/i.test(locale),
  };
}

export function symbolsFor(terminal: Terminal): Symbols {
  return terminal.unicode ? unicodeSymbols : plainSymbols;
}

export function textOf(part: Part): string {
  return typeof part === "string" ? part : part.text;
}

/** The same tone with another text. */
export function withText(part: Part, text: string): Part {
  return typeof part === "string" ? text : { ...part, text };
}

const codes: Record<Tone, number> = { act: 31, look: 33, fine: 32 };

/** Expects text that is already printable. */
export function paint(part: Part, terminal: Terminal): string {
  if (typeof part === "string" || !terminal.colour || part.text.trim() === "") return textOf(part);
  return `\u001B[${codes[part.tone]}m${part.text}\u001B[39m`;
}
