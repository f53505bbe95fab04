import * as z from "zod";
import { timeSchema } from "./fields.ts";

/**
 * How far the reports are that people are sent on a schedule, `<root>/.swarmnfs/report.json`: on the storage, so that of all who
 * might send one exactly one does, also after a restart or on another node.
 */
export const reportTurnSchema = z.looseObject({
  schema: z.literal(1),
  /** Each writer's is one more than the one that it has read. */
  revision: z.int().min(1),
  /** What was due until then has been sent, or is `pending`. */
  through: timeSchema,
  /** Who sends it, or sent it; and when that was last tried. */
  node: z.string(),
  nodeId: z.string(),
  seenAt: timeSchema,
  /** Names of the channels that it has not arrived by. */
  pending: z.array(z.string()),
});

export type ReportTurn = z.infer<typeof reportTurnSchema>;
