import { join } from "node:path";
import * as z from "zod";
import { StateFile } from "../service/state-file.ts";

const holderSchema = z.object({
  /** Docker's mount id: one per container mount point and start, but not always (docker cp, crashes). */
  id: z.string(),
  /** How often it was mounted less how often unmounted. */
  count: z.int().min(1),
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

  private constructor(file: StateFile<z.infer<typeof tableSchema>>) {
    this.#file = file;
    for (const row of file.data.rows) this.#rows.set(row.volume, row);
  }

  /** Opens the table; what an earlier boot left in it is dropped. */
  static async open(
    directory: string,
    boot: string,
    onDamage: (setAside: string, reason: string) => void,
  ): Promise<MountTable> {
    const empty = { schema: 1 as const, boot, rows: [] };
    const file = await StateFile.open(join(directory, "mounts.json"), tableSchema, empty, onDamage);
    if (file.data.boot !== boot) Object.assign(file.data, { boot, rows: [] });
    return new MountTable(file);
  }

  get(volume: string): MountRow | null {
    return this.#rows.get(volume) ?? null;
  }

  rows(): readonly MountRow[] {
    return [...this.#rows.values()];
  }

  /** The row of a volume, made if there is none. */
  row(volume: string, now: string): MountRow {
    const row = this.#rows.get(volume) ?? {
      volume,
      holders: [],
      since: now,
      touchedAt: now,
      consumers: [],
      provisional: false,
    };
    this.#rows.set(volume, row);
    return row;
  }

  hold(volume: string, id: string, now: string): void {
    const row = this.row(volume, now);
    const holder = row.holders.find((one) => one.id === id);
    if (holder === undefined) row.holders.push({ id, count: 1 });
    else holder.count += 1;
    row.touchedAt = now;
  }

  /** Takes one hold of `id` away. Unknown volumes and ids are fine: Docker sends them after a crash. */
  release(volume: string, id: string, now: string): void {
    const row = this.#rows.get(volume);
    const holder = row?.holders.find((one) => one.id === id);
    if (row === undefined || holder === undefined) return;
    holder.count -= 1;
    if (holder.count === 0) row.holders = row.holders.filter((one) => one !== holder);
    row.touchedAt = now;
  }

  drop(volume: string): void {
    this.#rows.delete(volume);
  }

  /** Settles when the table as it is now is on disk. */
  save(): Promise<void> {
    this.#file.data.rows = this.rows().map((row) => structuredClone(row));
    return this.#file.save();
  }
}
