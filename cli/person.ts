import { createInterface } from "node:readline/promises";
import type { ReadStream, WriteStream } from "node:tty";

/** Whoever sits at the terminal. */
export interface Person {
  /** False when there is nobody to ask: input or output is not a terminal. */
  readonly present: boolean;
  /** What was typed, or "" when the question was left with Ctrl-D or Ctrl-C. `question` must be printable. */
  ask(question: string): Promise<string>;
}

export class TerminalPerson implements Person {
  readonly present: boolean;
  readonly #input: ReadStream;
  readonly #output: WriteStream;

  constructor(input: ReadStream, output: WriteStream, present: boolean) {
    this.#input = input;
    this.#output = output;
    this.present = present;
  }

  async ask(question: string): Promise<string> {
    const lines = createInterface({ input: this.#input, output: this.#output });
    const left = new Promise<string>((resolve) => {
      lines.once("close", () => resolve(""));
    });
    try {
      return await Promise.race([lines.question(question), left]);
    } finally {
      lines.close();
    }
  }
}
