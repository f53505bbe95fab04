import { bounded } from "../service/bounded.ts";

/**
 * Many who ask for the same thing at once get the answer of one look, which began after each of them had asked. While one
 * is under way the next waits for it, but not longer than `patienceMs` milliseconds.
 */
export class SharedLook<T> {
  readonly #look: (what: string) => Promise<T>;
  readonly #patienceMs: number;
  readonly #underWay = new Map<string, Promise<T>>();
  /** They have not begun yet. */
  readonly #next = new Map<string, Promise<T>>();

  constructor(look: (what: string) => Promise<T>, patienceMs: number) {
    this.#look = look;
    this.#patienceMs = patienceMs;
  }

  /** Settles as the look does. */
  ask(what: string): Promise<T> {
    const next = this.#next.get(what);
    if (next !== undefined) return next;
    const underWay = this.#underWay.get(what);
    if (underWay === undefined) return this.#begin(what);
    const begin = (): Promise<T> => {
      this.#next.delete(what);
      return this.#begin(what);
    };
    // Failed or too slow: the next look begins all the same.
    const over = bounded(underWay, this.#patienceMs, () => new Error("it takes too long"));
    const after = over.then(begin, begin);
    this.#next.set(what, after);
    return after;
  }

  #begin(what: string): Promise<T> {
    const look = this.#look(what);
    this.#underWay.set(what, look);
    const end = (): void => {
      if (this.#underWay.get(what) === look) this.#underWay.delete(what);
    };
    look.then(end, end);
    return look;
  }
}
