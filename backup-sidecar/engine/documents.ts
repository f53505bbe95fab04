import { v7 as uuid } from "uuid";
import type * as z from "zod";
import { bounded } from "../../service/bounded.ts";
import { UserError } from "../../service/user-error.ts";
import { Directory } from "../../storage/directory/confined.ts";
import { isTrouble } from "../../storage/directory/file-trouble.ts";
import { parseRecord } from "../../storage/records/parse.ts";

/** Milliseconds that the disk under a small file may take. */
const answerMs = 20_000;
const suffix = ".json";

/**
 * A folder of small JSON documents that survive a power cut: on the storage (`.swarmnfs/backup/…`), or in this service's own
 * state directory. No step of the way to it follows a symlink.
 */
export class Documents {
  readonly #top: string;
  readonly #folders: readonly string[];

  /** `top` exists; the folders below it are made when something is written. */
  constructor(top: string, folders: readonly string[]) {
    this.#top = top;
    this.#folders = folders;
  }

  /** Null if there is none. Throws `DamagedRecord` for one that cannot be read, and `unavailable`. */
  async read<Schema extends z.ZodType>(
    name: string,
    schema: Schema,
  ): Promise<z.infer<Schema> | null> {
    const file = await this.#within((folder) => folder?.read(name + suffix) ?? null, false);
    return file === null ? null : parseRecord(file.text, schema);
  }

  /** Replaces it whole; on disk when it settles. Throws `full`; the old one is as it was then. */
  async write(name: string, value: unknown): Promise<void> {
    await this.#within(async (folder) => {
      const temporary = `.${uuid()}.tmp`;
      try {
        await folder?.write(temporary, `${JSON.stringify(value, null, 2)}\n`);
        await folder?.rename(temporary, folder, name + suffix);
        await folder?.sync();
      } catch (error) {
        await folder?.unlink(temporary);
        if (!isTrouble(error, "ENOSPC", "EDQUOT")) throw error;
        const place = [this.#top, ...this.#folders].join("/");
        throw new UserError("full", `no space is left for ${place}`, { cause: error });
      }
    }, true);
  }

  async remove(name: string): Promise<void> {
    await this.#within(async (folder) => {
      await folder?.unlink(name + suffix);
      await folder?.sync();
    }, false);
  }

  /** Also of damaged ones. */
  async names(): Promise<string[]> {
    const files = await this.#within(async (folder) => (await folder?.names()) ?? [], false);
    return files
      .filter((file) => file.endsWith(suffix) && !file.startsWith("."))
      .map((file) => file.slice(0, -suffix.length))
      .toSorted();
  }

  async #within<Result>(
    work: (folder: Directory | null) => Promise<Result> | Result,
    make: boolean,
  ): Promise<Result> {
    const late = (): UserError =>
      new UserError(
        "unavailable",
        `${this.#top} did not answer within ${answerMs / 1000} s. Is the storage there?`,
      );
    return bounded(this.#opened(work, make), answerMs, late);
  }

  async #opened<Result>(
    work: (folder: Directory | null) => Promise<Result> | Result,
    make: boolean,
  ): Promise<Result> {
    const opened = [await Directory.root(this.#top)];
    try {
      for (const step of this.#folders) {
        const last = opened.at(-1);
        const next = make ? await last?.make(step, 0o700) : await openIfThere(last, step);
        if (next === null || next === undefined) return await work(null);
        opened.push(next);
      }
      return await work(opened.at(-1) ?? null);
    } finally {
      for (const folder of opened.toReversed()) await folder[Symbol.asyncDispose]();
    }
  }
}

async function openIfThere(folder: Directory | undefined, name: string): Promise<Directory | null> {
  try {
    return (await folder?.open(name)) ?? null;
  } catch (error) {
    if (isTrouble(error, "ENOENT")) return null;
    throw error;
  }
}
