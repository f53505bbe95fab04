import { volumeFolders, type VolumePlace } from "../rules/volume-path.ts";
import { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";

export const metaFolder = ".swarmnfs";

/** The folders below `.swarmnfs`. `claims` holds next revisions for the moment of a replacement, `numbers` those that are taken. */
export const metaFolders = [
  "volumes",
  "apps",
  "claims",
  "trash",
  "use",
  "numbers",
  "history",
  "tmp",
] as const;
/** Beside them, and there only while somebody asks all nodes something: to see that nobody does costs one look. */
export const rollCallFolder = "roll-calls";
export const hookCallFolder = "hooks";
export type MetaFolder = (typeof metaFolders)[number];

/**
 * The storage's directories, opened for one operation and closed with it. Opened anew each time, so that a disk that
 * was unmounted or exchanged is noticed at once, and nothing of ours keeps it busy.
 */
export class Layout implements AsyncDisposable {
  readonly root: Directory;
  readonly meta: Directory;
  readonly #folders = new Map<MetaFolder, Promise<Directory>>();

  constructor(root: Directory, meta: Directory) {
    this.root = root;
    this.meta = meta;
  }

  /** Takes over an open root, and closes it if it is no storage. */
  static async within(root: Directory): Promise<Layout> {
    try {
      return new Layout(root, await root.open(metaFolder));
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A folder of ours; made if somebody removed it. */
  folder(name: MetaFolder): Promise<Directory> {
    const opened = this.#folders.get(name) ?? this.meta.make(name, 0o700);
    this.#folders.set(name, opened);
    return opened;
  }

  /** The directory that holds a volume's own; null if it is not there. The caller disposes of it. */
  async parent(volume: VolumePlace): Promise<Directory | null> {
    return this.#descend(volumeFolders(volume).slice(0, -1), (folder, name) => folder.open(name));
  }

  /** The same, made where it is missing. */
  async makeParent(volume: VolumePlace): Promise<Directory | null> {
    return this.#descend(volumeFolders(volume).slice(0, -1), (folder, name) =>
      folder.make(name, 0o755),
    );
  }

  /** A volume's own directory; null if it is not there. The caller disposes of it. */
  async volume(volume: VolumePlace): Promise<Directory | null> {
    return this.#descend(volumeFolders(volume), (folder, name) => folder.open(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#folders.values());
    for (const result of opened)
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    await this.meta[Symbol.asyncDispose]();
    await this.root[Symbol.asyncDispose]();
  }

  async #descend(
    steps: readonly string[],
    open: (folder: Directory, name: string) => Promise<Directory>,
  ): Promise<Directory | null> {
    let current: Directory | null = null;
    try {
      for (const step of steps) {
        const next: Directory = await open(current ?? this.root, step);
        await current?.[Symbol.asyncDispose]();
        current = next;
      }
    } catch (error) {
      await current?.[Symbol.asyncDispose]();
      if (isTrouble(error, "ENOENT")) return null;
      throw error;
    }
    return current;
  }
}
