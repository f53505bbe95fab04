import * as z from "zod";
import type { Change, Node } from "./app-repository.ts";

/** What restic says with `--json`, as far as we listen. Unknown messages and fields are left alone; zero fields are absent. */

const count = z.number().default(0);

/** An error about one file, or (`exit_error`) why it ends. */
export const errorSchema = z.looseObject({
  message_type: z.string().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  message: z.string().optional(),
  during: z.string().optional(),
  item: z.string().optional(),
});

export const backupStatusSchema = z.looseObject({
  message_type: z.literal("status"),
  seconds_remaining: z.number().optional(),
  total_files: z.number().optional(),
  files_done: count,
  total_bytes: z.number().optional(),
  bytes_done: count,
});

export const backupSummarySchema = z.looseObject({
  message_type: z.literal("summary"),
  files_new: count,
  files_changed: count,
  data_added_packed: count,
  total_files_processed: count,
  total_bytes_processed: count,
  snapshot_id: z.string(),
});

export const restoreStatusSchema = z.looseObject({
  message_type: z.literal("status"),
  seconds_elapsed: count,
  total_files: count,
  files_restored: count,
  total_bytes: count,
  bytes_restored: count,
});

export const restoreSummarySchema = z.looseObject({
  message_type: z.literal("summary"),
  total_files: count,
  files_restored: count,
  files_skipped: count,
  files_deleted: count,
  total_bytes: count,
});

export const checkSummarySchema = z.looseObject({
  message_type: z.literal("summary"),
  num_errors: count,
  broken_packs: z.array(z.string()).nullish(),
  suggest_repair_index: z.boolean().default(false),
});

export const initializedSchema = z.looseObject({
  message_type: z.literal("initialized"),
  id: z.string().regex(/^[0-9a-f]{64}$/),
});

export const configSchema = z.looseObject({
  version: z.int(),
  id: z.string().regex(/^[0-9a-f]{64}$/),
});

export const lockSchema = z.looseObject({ exclusive: z.boolean(), hostname: z.string() });

export const keysSchema = z.array(
  z.looseObject({
    current: z.boolean(),
    id: z.string(),
    userName: z.string(),
    hostName: z.string(),
    created: z.string(),
  }),
);

export const statsSchema = z.looseObject({
  total_size: count,
  total_uncompressed_size: count,
  snapshots_count: count,
});

export const foundSchema = z.array(
  z.looseObject({
    object_type: z.string(),
    id: z.string(),
    path: z.string().optional(),
    snapshot: z.string().optional(),
  }),
);

const nodeSchema = z.looseObject({
  message_type: z.literal("node"),
  path: z.string(),
  type: z.enum(["file", "dir", "symlink", "fifo", "dev", "chardev", "socket", "irregular"]),
  size: count,
  mode: count,
  uid: count,
  gid: count,
  mtime: z.string(),
});

const changeSchema = z.looseObject({
  message_type: z.literal("change"),
  path: z.string(),
  modifier: z.string(),
});

/** A line of `restic ls`, null if it is not of an entry. */
export function nodeOf(message: unknown): Node | null {
  const found = nodeSchema.safeParse(message).data;
  if (found === undefined) return null;
  const { path, type, size, uid, gid, mtime } = found;
  return { path, type, size, uid, gid, mtime, mode: permissionsOf(found.mode) };
}

/** A line of `restic diff --metadata`, null if it is not of a change. */
export function changeOf(message: unknown): Change | null {
  const found = changeSchema.safeParse(message).data;
  if (found === undefined) return null;
  const kind = (["T", "M", "+", "-", "U"] as const).find((letter) =>
    found.modifier.includes(letter),
  );
  return kind === undefined ? null : { path: found.path, kind };
}

/** restic writes modes as Go does, with setuid, setgid and sticky in other places (io/fs.FileMode). */
function permissionsOf(mode: number): number {
  const has = (bit: number): boolean => Math.floor(mode / 2 ** bit) % 2 === 1;
  return (mode % 0o1000) + (has(23) ? 0o4000 : 0) + (has(22) ? 0o2000 : 0) + (has(20) ? 0o1000 : 0);
}
