import { v7 as uuid } from "uuid";
import * as z from "zod";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import { sameStamp, type Stamp } from "./confined.ts";
import type { Layout } from "./layout.ts";
import { textOf } from "./record-file.ts";
import type { StorageClock } from "./storage-clock.ts";

/**
 * Something that is known of many volumes, in one file below `.swarmnfs` that all nodes read. It is advice, not state:
 * the last of two writers wins, and a table that cannot be read is no loss, since it is made anew.
 */
export class AdvisoryTable<Row> {
  readonly #file: string;
  readonly #schema: z.ZodType<{ schema: 1; volumes: Record<string, Row> }>;
  readonly #clock: StorageClock;
  #known: { readonly stamp: Stamp; readonly volumes: ReadonlyMap<string, Row> } | null = null;

  constructor(file: string, row: z.ZodType<Row>, clock: StorageClock) {
    this.#file = file;
    this.#schema = z.looseObject({ schema: z.literal(1), volumes: z.record(z.string(), row) });
    this.#clock = clock;
  }

  async read(layout: Layout): Promise<ReadonlyMap<string, Row>> {
    const stamp = await layout.meta.stat(this.#file);
    if (stamp === null) return new Map();
    if (this.#known !== null && sameStamp(this.#known.stamp, stamp)) return this.#known.volumes;
    const found = await layout.meta.read(this.#file);
    if (found === null) return new Map();
    const volumes = this.#parse(found.text);
    this.#known = { stamp: found.stamp, volumes };
    return volumes;
  }

  /** What tells one version of the table from another. */
  async seen(layout: Layout): Promise<string> {
    const stamp = await layout.meta.stat(this.#file);
    return stamp === null ? "none" : `${stamp.ino}.${stamp.mtimeNs}`;
  }

  /** Adds rows, and forgets volumes that are not in `keep`. */
  async write(
    layout: Layout,
    rows: ReadonlyMap<string, Row>,
    keep: ReadonlySet<string> | null,
  ): Promise<void> {
    const all = new Map([...(await this.read(layout)), ...rows]);
    const kept = [...all].filter(([volume]) => keep === null || keep.has(volume));
    const tmp = await layout.folder("tmp");
    const temporary = uuid();
    const content = textOf({ schema: 1, volumes: Object.fromEntries(kept) });
    const stamp = await tmp.write(temporary, content, true);
    this.#clock.observe(stamp.mtimeMs);
    await tmp.rename(temporary, layout.meta, this.#file);
  }

  #parse(text: string): ReadonlyMap<string, Row> {
    try {
      return new Map(Object.entries(parseRecord(text, this.#schema).volumes));
    } catch (error) {
      if (error instanceof DamagedRecord) return new Map();
      throw error;
    }
  }
}
