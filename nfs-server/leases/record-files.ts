import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { syncDirectory, writeFileAtomic } from "../../service/atomic-file.ts";
import { DamagedRecord, parseRecord } from "../../storage/records/parse.ts";

/** What was found in a folder of records. */
export interface Found<T> {
  readonly records: readonly T[];
  /** Files that cannot be read: they are reported and left alone. */
  readonly damaged: readonly DamagedFile[];
}

export interface DamagedFile {
  /** Without `.json`. */
  readonly name: string;
  readonly file: string;
  readonly reason: string;
}

const suffix = ".json";

/** Node.js has four threads for files. Those that a hanging disk takes do not come back, so others are left. */
const atOnce = 2;
let underWay = 0;
const waiting: (() => void)[] = [];

/**
 * A folder on the data disk with a JSON document for each of something, which survives a power cut at any moment. Names
 * are safe to be files' names: the caller sees to that.
 */
export class RecordFiles<Schema extends z.ZodType> {
  readonly #folder: string;
  readonly #schema: Schema;

  constructor(folder: string, schema: Schema) {
    this.#folder = folder;
    this.#schema = schema;
  }

  async open(): Promise<Found<z.infer<Schema>>> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const records: z.infer<Schema>[] = [];
    const damaged: DamagedFile[] = [];
    for (const file of (await readdir(this.#folder)).toSorted()) {
      if (file.endsWith(".tmp")) await rm(join(this.#folder, file), { force: true });
      if (file.startsWith(".") || !file.endsWith(suffix)) continue;
      const found = await this.read(file.slice(0, -suffix.length));
      if (found === null) continue;
      if ("damage" in found) damaged.push(found.damage);
      else records.push(found.record);
    }
    return { records, damaged };
  }

  /** Null: there is no such file. */
  async read(
    name: string,
  ): Promise<{ readonly record: z.infer<Schema> } | { readonly damage: DamagedFile } | null> {
    const file = this.#path(name);
    try {
      return { record: parseRecord(await readFile(file, "utf8"), this.#schema) };
    } catch (error) {
      if (isMissing(error)) return null;
      if (!(error instanceof DamagedRecord)) throw error;
      return { damage: { name, file, reason: error.message } };
    }
  }

  /** Settles when it is on the disk. */
  async write(name: string, record: z.infer<Schema>): Promise<void> {
    await inTurn(() => writeFileAtomic(this.#path(name), `${JSON.stringify(record, null, 2)}\n`));
  }

  /** Settles when it is gone from the disk. A file that is not there is fine. */
  async remove(name: string): Promise<void> {
    await inTurn(async () => {
      await rm(this.#path(name), { force: true });
      await syncDirectory(this.#folder);
    });
  }

  /** Out of the way of a new one, for people to look at. */
  async setAside(name: string, now: number): Promise<void> {
    const to = `${this.#path(name)}.damaged-${new Date(now).toISOString()}`;
    await rename(this.#path(name), to).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${suffix}`);
  }
}

async function inTurn(work: () => Promise<void>): Promise<void> {
  // Whoever is next takes the turn of whoever ends, so that nobody comes between.
  if (underWay >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else underWay += 1;
  try {
    await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) underWay -= 1;
    else next();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
