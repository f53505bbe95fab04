import { bounded } from "../service/bounded.ts";
import type { Storage } from "../storage/storage.ts";
import type { CatalogCopy } from "./catalog-copy.ts";

/** What was asked so lately is not asked again, milliseconds. */
const freshMs = 5000;
/** Docker asks for a volume at every turn: nobody waits for a figure longer than that, milliseconds. */
const boundMs = 250;

/** What volumes hold now, where the storage's file system counts that itself; elsewhere the last count stands. */
export class LiveUsage {
  readonly #storage: Storage;
  readonly #catalog: CatalogCopy;
  readonly #asked = new Map<string, { readonly at: number; readonly done: Promise<void> }>();

  constructor(storage: Storage, catalog: CatalogCopy) {
    this.#storage = storage;
    this.#catalog = catalog;
  }

  /** Settles within a moment, whether there was an answer or not. */
  async refresh(volume: string): Promise<void> {
    if (this.#storage.countsItself !== true || this.#storage.trouble) return;
    const asked = this.#asked.get(volume);
    const isFresh = asked !== undefined && performance.now() - asked.at < freshMs;
    const done = isFresh ? asked.done : this.#ask(volume);
    await bounded(done, boundMs, () => new Error("no answer in time")).catch(() => {});
  }

  #ask(volume: string): Promise<void> {
    const done = this.#storage.usage(volume).then(
      (usage) => this.#catalog.putUsage(volume, usage),
      () => {},
    );
    this.#asked.set(volume, { at: performance.now(), done });
    return done;
  }
}
