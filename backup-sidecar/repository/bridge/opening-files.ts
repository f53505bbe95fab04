/** For so many milliseconds they are believed: the calls of a run follow each other within seconds. */
const rememberedMs = 60_000;

/**
 * What every restic reads before it does anything: the repository's config, and its keys. They hardly ever change, and a run
 * starts restic several times. Forgotten after a minute, and when something is written or removed there through us; what
 * somebody else changes is seen a minute later.
 */
export class OpeningFiles {
  readonly #now: () => number;
  #kept = new Map<string, { readonly value: unknown; readonly until: number }>();

  /** `now`: milliseconds of a clock that never jumps. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What is remembered under this name, or what `ask` finds. */
  async recall<Value>(name: string, ask: () => Promise<Value>): Promise<Value> {
    const asked = this.#kept;
    const kept = asked.get(name);
    // A name always stands for the same kind of thing.
    if (kept !== undefined && kept.until > this.#now()) return kept.value as Value;
    const value = await ask();
    // What was asked before something changed, and answered after it, is forgotten with the rest.
    asked.set(name, { value, until: this.#now() + rememberedMs });
    return value;
  }

  forget(): void {
    this.#kept = new Map();
  }
}
