import process from "node:process";

/** What a step of the demo found, for people: one line. */
type Seen = string;

interface Told {
  readonly word: string;
  readonly happened: boolean;
  readonly seconds: number;
}

/** A step that did not happen. */
class Missed extends Error {}

/** Throws, with what was expected and what was seen instead, unless `condition` holds. */
export function expect(condition: boolean, expected: string, seen: string): void {
  if (!condition) throw new Missed(`expected ${expected}\nsaw      ${seen}`);
}

/** Tells what happens, one line a step, and remembers how it went. */
export class Story {
  readonly #told: Told[] = [];
  readonly #live = process.stdout.isTTY;

  /** Tells one step. Returns whether it happened; never throws for a step that did not. */
  async step(word: string, act: () => Promise<Seen>): Promise<boolean> {
    const started = Date.now();
    const number = String(this.#told.length + 1).padStart(3);
    const begin = `${number}  ${word.padEnd(10)}  `;
    if (this.#live) process.stdout.write(`${begin}…`);
    let seen: Seen;
    let happened = true;
    try {
      seen = await act();
    } catch (error) {
      happened = false;
      seen = `DID NOT HAPPEN\n${error instanceof Error ? error.message : String(error)}`;
    }
    const lines = seen.split("\n").join(`\n${" ".repeat(begin.length)}`);
    process.stdout.write(`${this.#live ? "\r\u001B[K" : ""}${begin}${lines}\n`);
    this.#told.push({ word, happened, seconds: (Date.now() - started) / 1000 });
    return happened;
  }

  get happened(): boolean {
    return this.#told.every((step) => step.happened);
  }

  /** The table at the end. */
  sum(): void {
    const missed = this.#told.filter((step) => !step.happened);
    process.stdout.write("\n  STEP        RESULT            TIME\n");
    for (const { word, happened, seconds } of this.#told) {
      const result = happened ? "happened" : "did not happen";
      process.stdout.write(
        `  ${word.padEnd(10)}  ${result.padEnd(14)}  ${`${seconds.toFixed(1)} s`.padStart(6)}\n`,
      );
    }
    process.stdout.write(
      missed.length === 0
        ? `\nAll ${this.#told.length} steps happened. Next: docs/quick-start.md\n`
        : `\n${missed.length} of ${this.#told.length} steps did not happen: ${missed.map(({ word }) => word).join(", ")}\n`,
    );
  }
}
