import * as z from "zod";
import { timeSchema } from "../../storage/records/fields.ts";

/** A restore for practice: files of the newest version of every volume, brought back to scratch and compared. */
export const drillReportSchema = z.looseObject({
  schema: z.literal(1),
  app: z.string(),
  at: timeSchema,
  ok: z.boolean(),
  seconds: z.number().min(0),
  volumes: z.array(
    z.looseObject({
      volume: z.string(),
      snapshot: z.string(),
      /** Files that were brought back, of so many. */
      sampled: z.int().min(0),
      files: z.int().min(0),
      bytes: z.int().min(0),
      /** Of these, how many were compared with the live file, which had not changed since. */
      comparedLive: z.int().min(0),
      /** In words for people; empty when all is well. */
      problems: z.array(z.string()),
    }),
  ),
});

export type DrillReport = z.infer<typeof drillReportSchema>;
