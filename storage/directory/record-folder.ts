import { UserError } from "../../service/user-error.ts";
import { DamagedRecord } from "../records/parse.ts";
import type { Damage } from "../storage.ts";
import { sameStamp, type Directory, type Stamp } from "./confined.ts";
import { concurrently } from "./concurrently.ts";
import { metaFolder, type Layout } from "./layout.ts";
import { Mutex } from "./mutex.ts";
import {
  createRecordFile,
  fileOf,
  replaceRecordFile,
  type RecordKind,
  type Revised,
} from "./record-file.ts";
import type { StorageClock } from "./storage-clock.ts";
import { unlinkIf } from "./unlink-if.ts";

/** After that long a folder is read again although its modification time says that nothing happened. */
const trustMs = 60_000;
/** A folder changed less than that ago may change again within the same tick of its file system's clock. */
const tickMs = 2000;

export interface Found<Kind> {
  readonly stamp: Stamp;
  readonly record: Kind;
}

type Entry<Kind> = { readonly stamp: Stamp; readonly record: Kind | null; readonly reason: string };

/**
 * The records of one folder, `volumes` or `apps`. Whoever asks for one is told what the file says now; the list and the index of
 * names are kept in memory and refreshed when the folder has changed, so that neither gets slower with their number.
 */
export class RecordFolder<Kind extends Revised> {
  readonly #kind: RecordKind<Kind>;
  readonly #clock: StorageClock;
  readonly #checkpoint: (name: string) => Promise<void>;
  readonly #progress: () => void;
  readonly #mutex = new Mutex();
  #entries = new Map<string, Entry<Kind>>();
  /** Names by their lower case. */
  #folded = new Map<string, Set<string>>();
  /** What we changed since the last refresh began; null is a removed one. */
  readonly #touched = new Map<string, Entry<Kind> | null>();
  #refreshing: Promise<void> | null = null;
  #indexed: { readonly stamp: Stamp; readonly at: number } | null = null;
  #listed: { readonly stamp: Stamp; readonly at: number; readonly settled: boolean } | null = null;

  constructor(
    kind: RecordKind<Kind>,
    clock: StorageClock,
    checkpoint: (name: string) => Promise<void>,
    progress: () => void,
  ) {
    this.#kind = kind;
    this.#clock = clock;
    this.#checkpoint = checkpoint;
    this.#progress = progress;
  }

  /** Throws `unavailable` for a record that is damaged: it is left alone, and so is what it describes. */
  async read(layout: Layout, name: string): Promise<Kind | null> {
    return (await this.find(layout, name))?.record ?? null;
  }

  /** The same, for those who ask again and again: a file that has not changed since the last list is not read, only looked at. */
  async look(layout: Layout, name: string): Promise<Found<Kind> | null> {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.record === null) return this.find(layout, name);
    return this.find(layout, name, { stamp: entry.stamp, record: entry.record });
  }

  /** The same with the file's stamp. Given back as `before` it spares reading a file that has not changed since. */
  async find(layout: Layout, name: string, before?: Found<Kind>): Promise<Found<Kind> | null> {
    const folder = await layout.folder(this.#kind.folder);
    if (before !== undefined && this.#clock.now() - Number(before.stamp.mtimeMs) > tickMs) {
      const now = await folder.stat(fileOf(name));
      if (now !== null && sameStamp(now, before.stamp)) return before;
    }
    const found = await folder.read(fileOf(name));
    if (found === null) return null;
    try {
      return { stamp: found.stamp, record: this.#kind.parse(found.text, name) };
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      throw new UserError(
        "unavailable",
        `the record ${this.#place(fileOf(name))} of "${name}" cannot be read: ${error.message}. It is left as it is; restore the file from a backup, or move it away to begin anew`,
        { cause: error },
      );
    }
  }

  /** False if there is one already. */
  async create(layout: Layout, name: string, record: Kind): Promise<boolean> {
    const folder = await layout.folder(this.#kind.folder);
    const written = await createRecordFile(
      layout,
      folder,
      fileOf(name),
      record,
      this.#clock,
      this.#change,
    );
    if (written === null) return false;
    this.#remember(name, { stamp: written.stamp, record, reason: "" });
    return true;
  }

  /** Writes `next` if the record is still `current`; null if it is not. */
  async replace(
    layout: Layout,
    name: string,
    current: Kind,
    changes: Partial<Kind>,
  ): Promise<Kind | null> {
    const next = { ...current, ...changes, revision: current.revision + 1 };
    const written = await replaceRecordFile(
      this.#kind,
      layout,
      name,
      current,
      next,
      this.#clock,
      this.#change,
      this.#checkpoint,
    );
    if (written === null) return null;
    this.#remember(name, { stamp: written.stamp, record: next, reason: "" });
    return next;
  }

  /** Removes the record if it is still `current`; false if it is not. */
  async delete(layout: Layout, name: string, current: Kind): Promise<boolean> {
    const folder = await layout.folder(this.#kind.folder);
    await this.#checkpoint(`deleting:${this.#kind.folder}`);
    const deleted = await unlinkIf(
      layout,
      folder,
      fileOf(name),
      async (tmp, as) => this.#isSame((await tmp.read(as))?.text ?? "", name, current),
      this.#change,
    );
    await folder.sync();
    if (!deleted) return false;
    this.#entries.delete(name);
    this.#touched.set(name, null);
    this.#folded.get(name.toLowerCase())?.delete(name);
    return true;
  }

  /** Another name that differs from this one in upper and lower case alone, or null. */
  similar(layout: Layout, name: string): Promise<string | null> {
    // In turn with our own changes: between one and the note of it, the folder would look like changed by others.
    return this.#mutex.run(async () => {
      const folder = await layout.folder(this.#kind.folder);
      const stamp = await folder.self();
      const known = this.#indexed;
      if (
        known === null ||
        !sameStamp(known.stamp, stamp) ||
        this.#clock.now() - known.at > trustMs
      ) {
        const names = (await folder.names()).flatMap(nameOf);
        this.#folded = new Map();
        for (const each of names) this.#fold(each);
        this.#indexed = { stamp, at: this.#clock.now() };
      }
      const names = this.#folded.get(name.toLowerCase()) ?? [];
      return [...names].find((each) => each !== name) ?? null;
    });
  }

  /** All records, and the files that cannot be read. Reads only what changed since the last time. */
  async list(
    layout: Layout,
  ): Promise<{ readonly records: readonly Kind[]; readonly damaged: readonly Damage[] }> {
    this.#refreshing ??= this.#refresh(layout).finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
    const all = [...this.#entries];
    return {
      records: all.flatMap(([, entry]) => entry.record ?? []),
      damaged: all.flatMap(([name, { record, reason }]) =>
        record === null ? [{ file: this.#place(fileOf(name)), reason }] : [],
      ),
    };
  }

  /** What tells whether a list would say anything new: null while that cannot be told. */
  async seen(layout: Layout): Promise<string | null> {
    const { dev, ino, mtimeNs, mtimeMs } = await (await layout.folder(this.#kind.folder)).self();
    return this.#clock.now() - Number(mtimeMs) > tickMs ? `${dev}.${ino}.${mtimeNs}` : null;
  }

  async #refresh(layout: Layout): Promise<void> {
    const folder = await layout.folder(this.#kind.folder);
    const stamp = await folder.self();
    const known = this.#listed;
    const now = this.#clock.now();
    if (
      known !== null &&
      known.settled &&
      sameStamp(known.stamp, stamp) &&
      now - known.at < trustMs
    )
      return;
    const before = this.#entries;
    this.#touched.clear();
    const names = (await folder.names()).flatMap(nameOf);
    const entries = await concurrently(names, async (name) =>
      this.#entry(folder, name, before.get(name)),
    );
    this.#entries = new Map();
    for (const [index, name] of names.entries()) {
      const entry = entries[index];
      if (entry) this.#entries.set(name, entry);
    }
    // What we changed ourselves meanwhile is newer than what was read.
    for (const [name, entry] of this.#touched) {
      if (entry === null) this.#entries.delete(name);
      else this.#entries.set(name, entry);
    }
    this.#listed = { stamp, at: now, settled: now - Number(stamp.mtimeMs) > tickMs };
  }

  async #entry(
    folder: Directory,
    name: string,
    known: Entry<Kind> | undefined,
  ): Promise<Entry<Kind> | null> {
    const now = await folder.stat(fileOf(name));
    this.#progress();
    if (now === null) return null;
    if (known !== undefined && sameStamp(known.stamp, now)) return known;
    try {
      const found = await folder.read(fileOf(name));
      return found === null
        ? null
        : { stamp: found.stamp, record: this.#kind.parse(found.text, name), reason: "" };
    } catch (error) {
      if (error instanceof DamagedRecord)
        return { stamp: now, record: null, reason: error.message };
      if (!now.isFile()) return { stamp: now, record: null, reason: "it is not a file" };
      throw error;
    }
  }

  /** Our own changes do not make what we know of the folder stale, as long as they are the only ones. */
  #change = <Result>(folder: Directory, call: () => Promise<Result>): Promise<Result> =>
    this.#mutex.run(async () => {
      const known = this.#indexed;
      const before = known === null ? null : await folder.self();
      const result = await call();
      if (
        known !== null &&
        before !== null &&
        known === this.#indexed &&
        sameStamp(known.stamp, before)
      ) {
        this.#indexed = { stamp: await folder.self(), at: known.at };
      }
      return result;
    });

  #isSame(text: string, name: string, current: Kind): boolean {
    try {
      const found = this.#kind.parse(text, name);
      return found.revision === current.revision && this.#kind.sameLife(found, current);
    } catch (error) {
      if (error instanceof DamagedRecord) return false;
      throw error;
    }
  }

  #remember(name: string, entry: Entry<Kind>): void {
    this.#entries.set(name, entry);
    this.#touched.set(name, entry);
    this.#fold(name);
  }

  #fold(name: string): void {
    const folded = name.toLowerCase();
    const names = this.#folded.get(folded);
    if (names === undefined) this.#folded.set(folded, new Set([name]));
    else names.add(name);
  }

  #place(file: string): string {
    return `${metaFolder}/${this.#kind.folder}/${file}`;
  }
}

function nameOf(file: string): string[] {
  return file.endsWith(".json") ? [file.slice(0, -".json".length)] : [];
}
