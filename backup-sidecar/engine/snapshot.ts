import * as z from "zod";

const idSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** What restic wrote down about one backup; zero fields are left out by restic. */
export const snapshotStatsSchema = z.looseObject({
  files_new: z.number().default(0),
  files_changed: z.number().default(0),
  files_unmodified: z.number().default(0),
  data_added: z.number().default(0),
  data_added_packed: z.number().default(0),
  total_files_processed: z.number().default(0),
  total_bytes_processed: z.number().default(0),
});

/** An element of `restic snapshots --json`. */
const writtenSchema = z.looseObject({
  id: idSchema,
  time: z.string(),
  parent: z.string().optional(),
  tree: idSchema,
  paths: z.array(z.string()),
  hostname: z.string(),
  tags: z.array(z.string()).optional(),
  summary: snapshotStatsSchema.optional(),
});

/** One version of one volume. */
export interface Snapshot {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Milliseconds since 1970, UTC, by the trusted time of its run. */
  readonly time: number;
  /** The volume's name: `--host` of every backup of ours. */
  readonly volume: string;
  readonly tags: readonly string[];
  readonly tree: string;
  readonly parent: string | null;
  /** Files and bytes of the whole version; null if an old restic made it, which did not write them down. */
  readonly files: number | null;
  readonly bytes: number | null;
  /** Bytes that it added to the repository. */
  readonly added: number | null;
}

/** Tags that we give and understand. */
export const tags = {
  /** Of every snapshot that this service made. */
  ours: "swarmnfs",
  /** `run=<UUID>`: all snapshots of one run. */
  run: (run: string): string => `run=${run}`,
  /** The source looked destroyed when it was made (contracts: suspect). */
  suspect: "suspect",
  /** Some files could not be read (restic's exit code 3). */
  partial: "partial",
  /** Made to bring back what the repository had lost, besides the runs. */
  healing: "healing",
  /** Made while clocks disagreed: its time is the best guess. */
  doubtfulTime: "doubtful-time",
} as const;

/**
 * The same versions, and those with these ids marked as made of a source that looked destroyed: restic cannot be told, for
 * that is known only after it has written the version down.
 */
export function withDoubts(snapshots: readonly Snapshot[], doubted: readonly string[]): Snapshot[] {
  const ids = new Set(doubted);
  return snapshots.map((each) =>
    ids.has(each.id) ? { ...each, tags: [...each.tags, tags.suspect] } : each,
  );
}

/** The newest that was made of a good source; the newest of all where there is no such; null of none. */
export function newestSound(oldestFirst: readonly Snapshot[]): Snapshot | null {
  const sound = oldestFirst.findLast((each) => !each.tags.includes(tags.suspect));
  return sound ?? oldestFirst.at(-1) ?? null;
}

/** Reads what `restic snapshots --json` printed, oldest first. Throws `ZodError` if it is not that. */
export function parseSnapshots(value: unknown): Snapshot[] {
  return z
    .array(writtenSchema)
    .parse(value ?? [])
    .map((written) => ({
      id: written.id,
      time: Date.parse(written.time),
      volume: written.hostname,
      tags: written.tags ?? [],
      tree: written.tree,
      parent: written.parent ?? null,
      files: written.summary?.total_files_processed ?? null,
      bytes: written.summary?.total_bytes_processed ?? null,
      added: written.summary?.data_added_packed ?? null,
    }))
    .toSorted((a, b) => a.time - b.time);
}
