import type { Secret } from "../../../service/secret.ts";
import { systemPacing, type Pacing } from "../webdav/endurance.ts";
import { parseTarget } from "./target.ts";

/** WEBDAV_URL, read anew now and then: the file that it is in may change while we run. */
export class TargetUrl {
  readonly #secret: Secret;
  readonly #pacing: Pacing;
  readonly #everyMs: number;
  readonly #onTrouble: (error: unknown) => void;
  #known: readonly URL[] | null = null;
  #text = "";
  #readAt = 0;

  /** `onTrouble` is told when a changed file cannot be read or understood; what was known before goes on. */
  constructor(
    secret: Secret,
    onTrouble: (error: unknown) => void,
    pacing: Pacing = systemPacing,
    everyMs = 5000,
  ) {
    this.#secret = secret;
    this.#pacing = pacing;
    this.#everyMs = everyMs;
    this.#onTrouble = onTrouble;
  }

  /** The addresses as they are now. Throws `UserError` while there never were any. */
  async addresses(): Promise<readonly URL[]> {
    const now = this.#pacing.now();
    if (this.#known !== null && now - this.#readAt < this.#everyMs) return this.#known;
    this.#readAt = now;
    try {
      const text = (await this.#secret.read()).trim();
      // The same objects as long as they are the same.
      if (this.#known === null || text !== this.#text) this.#known = parseTarget(text);
      this.#text = text;
    } catch (error) {
      if (this.#known === null) throw error;
      this.#onTrouble(error);
    }
    return this.#known;
  }
}
