import { join } from "node:path";
import * as z from "zod";
import { StateFile } from "../service/state-file.ts";

const holderSchema = z.object({
  /** Docker's mount id: one per container mount point and start, but not always (docker cp, crashes). */
  id: z.string(),
  /** How often it was mounted less how often unmounted. */
  count: z.int().min(1),
  /** What it was given: `10.0.0.5:/volume1/swarm/apps/blog/blog_data`. */
  source: z.string().optional(),
  /** For whom, in words. */
  consumers: z.array(z.string()).optional(),
});

const rowSchema = z.object({
  volume: z.string(),
  holders: z.array(holderSchema),
  /** RFC 3339: when it was mounted, and when a holder last came or went. */
  since: z.iso.datetime(),
  touchedAt: z.iso.datetime(),
  /** Who held it when last asked, in words. */
  consumers: z.array(z.string()),
  /** Mounted on a remembered grant while the engine was silent: to be checked when it speaks. */
  provisional: z.boolean(),
});

const tableSchema = z.looseObject({
  schema: z.literal(1),
  /** The kernel's boot: mounts do not outlive it, and neither do their holders. */
  boot: z.string(),
  rows: z.array(rowSchema),
});

export type MountRow = z.infer<typeof rowSchema>;

/** `mounts.json`: which mount ids hold which volume on this node. Written before Docker is answered. */
export class MountTable {
  readonly #file: StateFile<z.infer<typeof tableSchema>>;
  readonly #rows = new Map<string, MountRow>();
  readonly #monotonic: () => number;
  readonly #openedAt: number;
  /** When, by the clock that never jumps, a holder of the volume last came or went. */
  readonly #touched = new Map<string, number>();
  #holds = 0;
  readonly #lastHold = new Map<string, number>();

  private constructor(file: StateFile<z.infer<typeof tableSchema>>, monotonic: () => number) {
    this.#file = file;
    this.#monotonic = monotonic;
    this.#openedAt = monotonic();
    for (const row of file.data.rows) this.#rows.set(row.volume, row);
  }

  /** Opens the table; what an earlier boot left in it is dropped. `monotonic`: milliseconds of a clock that never jumps. */
  static async open(
    directory: string,
    boot: string,
    onDamage: (setAside: string, reason: string) => void,
    monotonic: () => number = () => performance.now(),
  ): Promise<MountTable> {
    const empty = { schema: 1 as const, boot, rows: [] };
    const path = join(directory, "mounts.json");
    // No row outlives a boot: what counts is that a killed plugin finds it.
    const file = await StateFile.open(path, tableSchema, empty, onDamage, true);
    if (file.data.boot !== boot) Object.assign(file.data, { boot, rows: [] });
    return new MountTable(file, monotonic);
  }

  get(volume: string): MountRow | null {
    return this.#rows.get(volume) ?? null;
  }

  /**
   * Milliseconds since a holder last came or went, as far as this process saw it; since its start at most. `touchedAt`
   * is for people: the clock it is from may be set at any time, and at boot it often is.
   */
  ageOf(volume: string): number {
    return this.#monotonic() - (this.#touched.get(volume) ?? this.#openedAt);
  }

  /** The number of its latest hold, counted from 1 over all volumes by this process; 0: it saw none. */
  lastHoldOf(volume: string): number {
    return this.#lastHold.get(volume) ?? 0;
  }

  rows(): readonly MountRow[] {
    return [...this.#rows.values()];
  }

  /** The row of a volume, made if there is none. */
  row(volume: string, now: string): MountRow {
    const known = this.#rows.get(volume);
    if (known !== undefined) return known;
    const row: MountRow = {
      volume,
      holders: [],
      since: now,
      touchedAt: now,
      consumers: [],
      provisional: false,
    };
    this.#rows.set(volume, row);
    this.#touch(row, now);
    return row;
  }

  hold(
    volume: string,
    id: string,
    now: string,
    given: { readonly source: string; readonly consumers: readonly string[] },
  ): void {
    const row = this.row(volume, now);
    const holder = row.holders.find((one) => one.id === id);
    if (holder === undefined)
      row.holders.push({ id, count: 1, source: given.source, consumers: [...given.consumers] });
    else holder.count += 1;
    this.#holds += 1;
    this.#lastHold.set(volume, this.#holds);
    this.#touch(row, now);
  }

  /** Takes one hold of `id` away. Unknown volumes and ids are fine: Docker sends them after a crash. */
  release(volume: string, id: string, now: string): void {
    const row = this.#rows.get(volume);
    const holder = row?.holders.find((one) => one.id === id);
    if (row === undefined || holder === undefined) return;
    holder.count -= 1;
    if (holder.count === 0) row.holders = row.holders.filter((one) => one !== holder);
    this.#touch(row, now);
  }

  drop(volume: string): void {
    this.#rows.delete(volume);
    this.#touched.delete(volume);
    this.#lastHold.delete(volume);
  }

  /** Settles when the table as it is now is on disk. */
  save(): Promise<void> {
    this.#file.data.rows = this.rows().map((row) => structuredClone(row));
    return this.#file.save();
  }

  #touch(row: MountRow, now: string): void {
    row.touchedAt = now;
    this.#touched.set(row.volume, this.#monotonic());
  }
}
