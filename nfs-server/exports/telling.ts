import type { Clock } from "../../service/clock.ts";
import type { Channel } from "./channel.ts";
import type { ChannelName, Told } from "./questions.ts";

/** The kernel's tables that we fill. */
export type Tables = Readonly<Record<ChannelName, Channel>>;

/** What the kernel was told, and whether it had asked. */
export type AuditLine = Told & {
  readonly event: "asked" | "told";
  /** What the kernel said against it; null: it took it. */
  readonly refusal: string | null;
};

export interface TellingParts {
  readonly tables: Tables;
  readonly clock: Clock;
  /** Hears every question with its answer, and everything that is told unasked but for what is merely repeated. */
  readonly audit: (line: AuditLine) => void;
  /** Hears of a table that cannot be read or written, and is tried again. */
  readonly trouble: (error: unknown) => void;
}

/** How long the kernel believes us, milliseconds. It asks again when half of it is over. */
export const holdsMs = 24 * 60 * 60 * 1000;
/** How long a "no" to a question holds: so often an attack shows in the audit log, and so soon the kernel forgets it. */
const refusalHoldsMs = 5 * 60 * 1000;
/** After a "yes" that the kernel refuses. */
export const failureHoldsMs = 5 * 1000;

/** Tells the kernel what it asked and what it did not, with an audit line. */
export class Telling {
  readonly #parts: TellingParts;

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  /** Unasked. Throws what the kernel says against it. */
  tell(told: Told, forMs = holdsMs): void {
    this.#write("told", told, forMs);
  }

  /** The answer to a question. */
  answer(told: Told): void {
    try {
      this.#write("asked", told, told.answer === null ? refusalHoldsMs : holdsMs);
    } catch (error) {
      this.#parts.trouble(error);
      // Otherwise whoever asks would wait until the kernel's patience ends, and so would we with the next one.
      if (told.answer !== null) this.#deny(told);
    }
  }

  /** What it was told before, as far as it takes it; leaves no audit line. */
  repeat(lines: readonly Told[]): void {
    try {
      for (const told of lines) this.#put(told, holdsMs);
    } catch (error) {
      // It will be asked for.
      this.#parts.trouble(error);
    }
  }

  #deny(told: Told): void {
    try {
      this.#write("asked", { ...told, answer: null }, failureHoldsMs);
    } catch (error) {
      this.#parts.trouble(error);
    }
  }

  #write(event: AuditLine["event"], told: Told, forMs: number): void {
    const { audit } = this.#parts;
    try {
      this.#put(told, forMs);
      audit({ ...told, event, refusal: null });
    } catch (error) {
      audit({ ...told, event, refusal: codeOf(error) });
      throw error;
    }
  }

  #put(told: Told, forMs: number): void {
    const expiry = Math.floor((this.#parts.clock.now() + forMs) / 1000);
    this.#parts.tables[told.question.channel].tell(told, expiry);
  }
}

/** What the kernel says, as `ENOENT`. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
