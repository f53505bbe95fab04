import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../../../service/atomic-file.ts";
import { messageOf } from "../../../service/message-of.ts";
import type { RestType } from "./rest-path.ts";

const schema = z.object({
  schema: z.literal(1),
  files: z.record(z.string(), z.record(z.string(), z.number())),
});

/**
 * Which files a repository had when they were last written or listed, with their sizes: how a listing that leaves some out is
 * noticed. On local disk; nothing depends on it but that, so a lost or damaged journal is begun anew.
 */
export class FileJournal {
  readonly #file: string | null;
  readonly #files = new Map<RestType, Map<string, number>>();

  private constructor(file: string | null) {
    this.#file = file;
  }

  /** `folder`: where journals are kept; null keeps it in memory alone. */
  static async open(
    folder: string | null,
    repositoryPath: string,
    onDamage: (reason: string) => void,
  ): Promise<FileJournal> {
    if (folder === null) return new FileJournal(null);
    const journal = new FileJournal(
      path.join(folder, `${repositoryPath.replaceAll("/", "_")}.json`),
    );
    await journal.#read(onDamage);
    return journal;
  }

  /** What is known of a type: size by name. */
  of(type: RestType): ReadonlyMap<string, number> {
    return this.#of(type);
  }

  wrote(type: RestType, name: string, size: number): void {
    // Locks come and go by themselves.
    if (type !== "locks") this.#of(type).set(name, size);
  }

  removed(type: RestType, name: string): void {
    this.#of(type).delete(name);
  }

  listed(type: RestType, files: readonly { readonly name: string; readonly size: number }[]): void {
    if (type !== "locks")
      this.#files.set(type, new Map(files.map(({ name, size }) => [name, size])));
  }

  async save(): Promise<void> {
    if (this.#file === null) return;
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const files = Object.fromEntries(
      [...this.#files].map(([type, names]) => [type, Object.fromEntries(names)]),
    );
    await writeFileAtomic(this.#file, JSON.stringify({ schema: 1, files }));
  }

  async #read(onDamage: (reason: string) => void): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#file ?? "", "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") onDamage(messageOf(error));
      return;
    }
    try {
      const { files } = schema.parse(JSON.parse(text));
      for (const [type, names] of Object.entries(files))
        this.#files.set(type as RestType, new Map(Object.entries(names)));
    } catch (error) {
      onDamage(messageOf(error));
    }
  }

  #of(type: RestType): Map<string, number> {
    const known = this.#files.get(type) ?? new Map<string, number>();
    this.#files.set(type, known);
    return known;
  }
}
