import * as z from "zod";
import { timeSchema } from "../../storage/records/fields.ts";

const unreadSchema = z.looseObject({ item: z.string(), reason: z.string() });

/** What became of one volume in a run. */
export const volumeReportSchema = z.looseObject({
  volume: z.string(),
  /** `skipped`: nothing was saved, `reason` says why. */
  outcome: z.enum(["complete", "partial", "suspect", "failed", "skipped"]),
  reason: z.string().nullable(),
  snapshot: z.string().nullable(),
  files: z.int().min(0),
  bytes: z.int().min(0),
  bytesAdded: z.int().min(0),
  unread: z.array(unreadSchema),
  unreadCount: z.int().min(0),
  seconds: z.number().min(0),
});

/**
 * One run of one app, as it is kept in the history and shown to people. `ok` means: every volume has a complete snapshot
 * of this run, and the repository was checked afterwards and found whole. Everything less has another word.
 */
export const runReportSchema = z.looseObject({
  schema: z.literal(1),
  run: z.uuid(),
  app: z.string(),
  /** `partial`: snapshots exist, some files or volumes are missing, or a container did not do what its labels ask; `suspect`: a source looks destroyed; `degraded`: saved, but the repository has damage. */
  outcome: z.enum(["ok", "partial", "suspect", "degraded", "failed", "interrupted"]),
  /** For people, empty when all is well. */
  notes: z.array(z.string()),
  repository: z.string().nullable(),
  startedAt: timeSchema,
  endedAt: timeSchema,
  /** Whether the time of its snapshots is beyond doubt, and why not. */
  timeTrusted: z.boolean(),
  timeDoubt: z.string().nullable(),
  volumes: z.array(volumeReportSchema),
  check: z.looseObject({ ok: z.boolean(), errors: z.array(z.string()) }).nullable(),
  retention: z
    .looseObject({
      forgotten: z.array(z.string()),
      /** Why nothing, or less than the rule says, was removed. */
      withheld: z.array(z.string()),
    })
    .nullable(),
});

export type VolumeReport = z.infer<typeof volumeReportSchema>;
export type RunReport = z.infer<typeof runReportSchema>;
