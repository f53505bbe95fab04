import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { appRecordSchema, type AppRecord } from "../storage/records/app.ts";
import type { UseRecord } from "../storage/records/use.ts";
import { volumeRecordSchema, type VolumeRecord } from "../storage/records/volume.ts";
import type { Catalog, Damage, Usage } from "../storage/storage.ts";

/**
 * What the storage knew when last asked, in memory and on this node's disk: `Get` and `List` are answered from it in
 * microseconds, also while the storage is dead and after a restart. The storage's own catalog is the truth; this copy
 * is never written back.
 */
export class CatalogCopy {
  readonly #directory: string;
  #isWhole = false;
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #apps = new Map<string, AppRecord>();
  #uses: Catalog["uses"] = {};
  #usage: Catalog["usage"] = {};
  #lastUse: Catalog["lastUse"] = {};
  #lastSnapshot: Readonly<Record<string, string>> = {};
  #damaged: readonly Damage[] = [];
  /** What differs from the disk: `volumes/blog`. */
  readonly #unsaved = new Set<string>();
  #saving: Promise<void> | null = null;
  /** What was put or dropped since a refresh began, `blog_data` or `apps/blog`; null while none is under way. */
  #touched: Set<string> | null = null;

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, "catalog");
  }

  /** Reads what an earlier run left. A file that cannot be read is skipped: the storage knows better. */
  async load(): Promise<void> {
    const isNew = (await mkdir(this.#directory, { recursive: true, mode: 0o700 })) !== undefined;
    const isMarked = (await stat(this.#wholeFile).catch(() => null)) !== null;
    const lost: string[] = [];
    for (const kind of ["volumes", "apps"] as const) {
      const directory = join(this.#directory, kind);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const files = (await readdir(directory)).filter((file) => file.endsWith(".json"));
      await Promise.all(
        files.map(async (file) => {
          if (!(await this.#loadFile(kind, join(directory, file)))) lost.push(file);
        }),
      );
    }
    this.#isWhole = (isNew || isMarked) && lost.length === 0;
    if (this.#isWhole && !isMarked) await replaceFile(this.#wholeFile, "");
    if (!this.#isWhole) await rm(this.#wholeFile, { force: true });
  }

  /**
   * Whether everything this node ever told Docker of is here. Then a name that is not here is none that Docker knows as
   * ours, and it may be told so although the storage does not answer.
   */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  volume(name: string): VolumeRecord | null {
    return this.#volumes.get(name) ?? null;
  }

  volumes(): readonly VolumeRecord[] {
    return [...this.#volumes.values()];
  }

  app(name: string): AppRecord | null {
    return this.#apps.get(name) ?? null;
  }

  apps(): readonly AppRecord[] {
    return [...this.#apps.values()];
  }

  uses(volume: string): readonly UseRecord[] {
    return Object.hasOwn(this.#uses, volume) ? (this.#uses[volume] ?? []) : [];
  }

  usage(volume: string): Usage | null {
    return Object.hasOwn(this.#usage, volume) ? (this.#usage[volume] ?? null) : null;
  }

  /** RFC 3339, or null if no node was seen using it. */
  lastUse(volume: string): string | null {
    return Object.hasOwn(this.#lastUse, volume) ? (this.#lastUse[volume] ?? null) : null;
  }

  /** RFC 3339, or null if it was never backed up whole. */
  lastSnapshot(volume: string): string | null {
    return Object.hasOwn(this.#lastSnapshot, volume) ? (this.#lastSnapshot[volume] ?? null) : null;
  }

  get damaged(): readonly Damage[] {
    return this.#damaged;
  }

  /**
   * Takes over all that the storage tells. A volume whose record is damaged there keeps its last good copy, so that
   * Docker does not forget it; one that came or went here while we asked is left for the next time.
   */
  async refresh(list: () => Promise<Catalog>): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    const catalog = await list();
    this.#touched = null;
    const damaged = new Set(
      catalog.damaged.map(({ file }) =>
        file
          .split("/")
          .at(-1)
          ?.replace(/\.json$/, ""),
      ),
    );
    const named = new Map(catalog.volumes.map((record) => [record.name, record]));
    for (const name of this.#volumes.keys()) {
      if (!named.has(name) && !damaged.has(name) && !touched.has(name)) this.drop(name);
    }
    for (const [name, record] of named) {
      if (record.state === "trashed") this.drop(name);
      else if (!touched.has(name)) this.put(record);
    }
    const listed = new Set(catalog.apps.map(({ app }) => app));
    for (const app of this.#apps.keys()) {
      if (!listed.has(app) && !damaged.has(app) && !touched.has(`apps/${app}`)) this.#dropApp(app);
    }
    for (const app of catalog.apps) if (!touched.has(`apps/${app.app}`)) this.putApp(app);
    this.#uses = catalog.uses;
    this.#usage = newest(this.#usage, catalog.usage, named);
    this.#lastUse = catalog.lastUse;
    this.#lastSnapshot = catalog.lastSnapshot ?? {};
    this.#damaged = catalog.damaged;
    if (this.#isWhole) return;
    this.#isWhole = true;
    this.#schedule();
  }

  put(record: VolumeRecord): void {
    this.#touched?.add(record.name);
    const known = this.#volumes.get(record.name);
    if (known?.id === record.id && known.revision === record.revision) return;
    this.#volumes.set(record.name, record);
    this.#note(`volumes/${record.name}`);
  }

  putApp(record: AppRecord): void {
    this.#touched?.add(`apps/${record.app}`);
    const known = this.#apps.get(record.app);
    // One that was forgotten and made anew begins at revision 1 again, with rules of its own.
    if (known?.createdAt === record.createdAt && known.revision === record.revision) return;
    this.#apps.set(record.app, record);
    this.#note(`apps/${record.app}`);
  }

  putUsage(volume: string, usage: Usage): void {
    this.#usage = { ...this.#usage, [volume]: usage };
  }

  drop(name: string): void {
    this.#touched?.add(name);
    if (Object.hasOwn(this.#usage, name)) {
      const { [name]: _, ...others } = this.#usage;
      this.#usage = others;
    }
    if (this.#volumes.delete(name)) this.#note(`volumes/${name}`);
  }

  /** Settles when all that is known now is on disk, or could not be written. Never rejects. */
  async saved(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  /** Is there once everything was written down here. */
  get #wholeFile(): string {
    return join(this.#directory, "whole");
  }

  #dropApp(name: string): void {
    if (this.#apps.delete(name)) this.#note(`apps/${name}`);
  }

  #note(key: string): void {
    this.#unsaved.add(key);
    this.#schedule();
  }

  #schedule(): void {
    this.#saving ??= this.#saveAll();
  }

  async #saveAll(): Promise<void> {
    // Again for what was noted when a pass was almost over.
    while ((await this.#save()) && this.#unsaved.size > 0);
    this.#saving = null;
  }

  /** One pass over all that is unsaved; false if something could not be written. */
  async #save(): Promise<boolean> {
    // Lazily: many changes of one moment become one pass over the disk.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      for (const key of this.#unsaved) await this.#saveOne(key);
      if (this.#isWhole) await replaceFile(this.#wholeFile, "");
      return true;
    } catch {
      // A full or broken disk: what is in memory is right and the next change tries again, but the disk has not all.
      this.#isWhole = false;
      await rm(this.#wholeFile, { force: true }).catch(() => undefined);
      return false;
    }
  }

  async #saveOne(key: string): Promise<void> {
    // Before it is written: it may change again meanwhile.
    this.#unsaved.delete(key);
    const [kind, name] = key.split("/", 2);
    const record = kind === "apps" ? this.#apps.get(name ?? "") : this.#volumes.get(name ?? "");
    const path = join(this.#directory, `${key}.json`);
    try {
      if (record === undefined) await rm(path, { force: true });
      else await replaceFile(path, `${JSON.stringify(record)}\n`);
    } catch (error) {
      this.#unsaved.add(key);
      throw error;
    }
  }

  /** False if it could not be read. */
  async #loadFile(kind: "volumes" | "apps", path: string): Promise<boolean> {
    const text = await readFile(path, "utf8");
    try {
      const json: unknown = JSON.parse(text);
      if (kind === "apps") {
        const app = appRecordSchema.parse(json);
        this.#apps.set(app.app, app);
      } else {
        const volume = volumeRecordSchema.parse(json);
        this.#volumes.set(volume.name, volume);
      }
      return true;
    } catch {
      await rm(path, { force: true });
      return false;
    }
  }
}

/** For what can be asked for again: whole or not at all, but a power cut may take it back. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What the storage tells of the volumes that there are, unless something was learnt of one since. */
function newest(
  before: Catalog["usage"],
  told: Catalog["usage"],
  named: ReadonlyMap<string, unknown>,
): Catalog["usage"] {
  const newer = Object.entries(before).filter(([volume, { at }]) => {
    const usage = Object.hasOwn(told, volume) ? told[volume] : undefined;
    return named.has(volume) && (usage === undefined || at > usage.at);
  });
  return { ...told, ...Object.fromEntries(newer) };
}
