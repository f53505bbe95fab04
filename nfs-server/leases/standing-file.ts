import { join } from "node:path";
import * as z from "zod";
import { timeSchema } from "../../storage/records/fields.ts";
import { RecordFiles } from "./record-files.ts";

/**
 * What the server must not forget about a node, `<root>/.swarmnfs/server/standing/<node id>.json`: that it is fenced, and
 * until when it said that its plugin would be away. Nodes of which neither is true have no file.
 */
export const standingSchema = z.looseObject({
  schema: z.literal(1),
  nodeId: z.uuid(),
  node: z.string(),
  /** Where its NFS client was; null: never seen. */
  address: z.string().nullable(),
  fence: z.strictObject({ because: z.string(), at: timeSchema }).nullable(),
  /** By the wall clock, which is all that two lives of the server have in common. */
  absentUntil: timeSchema.nullable(),
});

export type Standing = z.infer<typeof standingSchema>;
export type Fence = NonNullable<Standing["fence"]>;

export type StandingFiles = RecordFiles<typeof standingSchema>;

/** `folder` is the server's own on the data disk. */
export function standingFiles(folder: string): StandingFiles {
  return new RecordFiles(join(folder, "standing"), standingSchema);
}
