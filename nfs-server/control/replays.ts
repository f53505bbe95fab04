import { UserError } from "../../service/user-error.ts";
import type { Reply } from "./reply.ts";

interface Done {
  readonly request: string;
  readonly reply: Promise<Reply>;
  readonly at: number;
}

const keepMs = 600_000;
const most = 20_000;
/** Longer answers are not kept; none of a write's is. */
const longest = 65_536;

/**
 * Writes that were done under an `Idempotency-Key`: whoever sends one twice, because the answer was lost, gets the first
 * answer, also while that is being made. Kept in memory for 10 minutes.
 */
export class Replays {
  readonly #monotonic: () => number;
  readonly #done = new Map<string, Done>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** `caller` and `key` name the write, `request` is all of it. Throws `conflict` for a key that meant something else. */
  async once(
    caller: string,
    key: string,
    request: string,
    work: () => Promise<Reply>,
  ): Promise<Reply> {
    if (!/^[\x21-\x7e]{1,128}$/.test(key))
      throw new UserError(
        "invalid",
        "Idempotency-Key: 1 to 128 letters, digits or signs are expected",
      );
    this.#forgetOld();
    const name = `${caller} ${key}`;
    const known = this.#done.get(name);
    if (known !== undefined) {
      if (known.request === request) return known.reply;
      throw new UserError(
        "conflict",
        "this Idempotency-Key was used for another request: use a new one",
      );
    }
    const reply = work();
    this.#done.set(name, { request, reply, at: this.#monotonic() });
    const { status, text } = await reply;
    // What may go better the next time is tried again then.
    if (status >= 500 || status === 429 || text.length > longest) this.#done.delete(name);
    return reply;
  }

  #forgetOld(): void {
    const before = this.#monotonic() - keepMs;
    for (const [name, { at }] of this.#done) {
      if (at > before && this.#done.size < most) return;
      this.#done.delete(name);
    }
  }
}
