import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

/** Milliseconds without a sign of life after which nobody counts on the backup service. */
export const backupSilentMs = 180_000;

/**
 * What the backup service lets everybody know, in `<root>/.swarmnfs/backup/status.json`: replaced, or at least touched, every
 * minute. Its age is that of the file, by the storage's own clock.
 */
export const backupStatusSchema = z.looseObject({
  schema: z.literal(1),
  /** The node on which the service runs, and its release. */
  node: z.string(),
  version: z.string(),
  seenAt: timeSchema,
  /** By name, also those that are not there any more and can be brought back. */
  volumes: z.record(
    nameSchema,
    z.looseObject({
      app: nameSchema,
      /** When its versions were made, oldest first. */
      snapshots: z.array(timeSchema),
      /** Those of them that were made of a source that looked destroyed; nobody means them by "the latest". */
      doubted: z.array(timeSchema).optional(),
      /** The newest that holds all of its source and was found whole in the repository; null if none was. */
      lastGood: timeSchema.nullable(),
      /** Why its source looks destroyed, and its history is frozen; null if it does not. */
      suspect: z.string().nullable().optional(),
    }),
  ),
  /** By app: the last restore for practice; absent where there was none yet. */
  drills: z.record(nameSchema, z.object({ at: timeSchema, ok: z.boolean() })).optional(),
});

export type BackupStatus = z.infer<typeof backupStatusSchema>;
