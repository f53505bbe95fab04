import { readFile, rename } from "node:fs/promises";
import { Low, type Adapter } from "lowdb";
import type * as z from "zod";
import { writeFileAtomic } from "./atomic-file.ts";
import { messageOf } from "./message-of.ts";

/**
 * One small JSON document that survives a power cut: written to a temporary file, fsynced, renamed, and the directory
 * fsynced. Mode 0600. Concurrent saves are joined: a save that has not begun yet serves all who wait for it.
 */
export class StateFile<T> {
  readonly #low: Low<T>;
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  private constructor(low: Low<T>) {
    this.#low = low;
  }

  /**
   * Opens the document, or begins with `initial` where there is none. A document that is damaged, or lies on a spot of
   * the disk that cannot be read, is set aside (renamed to `<path>.damaged-<time>`), told to `onDamage`, and begun anew:
   * never overwritten. Rejects when it may be whole and only cannot be read now: too many open files, no permission.
   * `passing`: what it says holds until the machine's next boot at most; a power cut may bring an older one back, still
   * whole.
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    initial: T,
    onDamage: (setAside: string, reason: string) => void,
    passing = false,
  ): Promise<StateFile<T>> {
    const low = new Low<T>(new FsyncedJson(path, schema, passing), initial);
    try {
      await low.read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      const setAside = `${path}.damaged-${new Date().toISOString()}`;
      await rename(path, setAside);
      onDamage(setAside, messageOf(error));
      low.data = initial;
    }
    return new StateFile(low);
  }

  /** The document. Change it in place, then `save`. */
  get data(): T {
    return this.#low.data;
  }

  /** Settles when the document as it is now, or a newer one, is on disk. */
  save(): Promise<void> {
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  async #afterCurrent(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    this.#next = null;
    this.#writing = this.#low.write();
    try {
      await this.#writing;
    } finally {
      this.#writing = null;
    }
  }
}

/** What is no JSON, or not what it should be, or unreadable for good; all else may be over the next time. */
function isDamage(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || code === "EIO" || code === "EISDIR";
}

class FsyncedJson<T> implements Adapter<T> {
  readonly #path: string;
  readonly #schema: z.ZodType<T>;
  readonly #passing: boolean;

  constructor(path: string, schema: z.ZodType<T>, passing: boolean) {
    this.#path = path;
    this.#schema = schema;
    this.#passing = passing;
  }

  async read(): Promise<T | null> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    return text === null ? null : this.#schema.parse(JSON.parse(text));
  }

  async write(data: T): Promise<void> {
    const text = `${JSON.stringify(data, null, 2)}\n`;
    await writeFileAtomic(this.#path, text, 0o600, this.#passing);
  }
}
