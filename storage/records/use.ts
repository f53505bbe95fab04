import * as z from "zod";
import { timeSchema } from "./fields.ts";

/**
 * Sign of life of a node that has a volume mounted, `<root>/.swarmnfs/use/<volume>/<node id>`, written anew
 * every 25 s. A sign older than {@link useExpiryMs} means nothing any more.
 */
export const useRecordSchema = z.looseObject({
  schema: z.literal(1),
  node: z.string(),
  nodeId: z.uuid(),
  since: timeSchema,
  seenAt: timeSchema,
  /** Who holds it there, in words: `service blog_web`, `container blog-1`. */
  consumers: z.array(z.string()),
});

export type UseRecord = z.infer<typeof useRecordSchema>;

/** Milliseconds after which a sign of use has lapsed: three missed renewals. */
export const useExpiryMs = 90_000;
