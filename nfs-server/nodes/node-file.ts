import * as z from "zod";
import { timeSchema } from "../../storage/records/fields.ts";
import { givenRoleSchema } from "../../storage/swarmnfs/protocol/node.ts";

/** A node as it lies in `<root>/.swarmnfs/server/nodes/<id>.json`. */
export const nodeRecordSchema = z.looseObject({
  schema: z.literal(1),
  id: z.uuid(),
  name: z.string().min(1),
  /** What its join token made it; absent: a node. */
  role: givenRoleSchema.optional(),
  enrolledAt: timeSchema,
  /** The only ones that count; when a node enrols again those before are void. */
  certificates: z.array(z.looseObject({ serial: z.string(), until: timeSchema })),
  /** Where it called from last. */
  address: z.string().nullable(),
  /** When it called last, give or take an hour: not every call is written down. */
  seenAt: timeSchema.nullable(),
  /** Its certificates count no more, and why. */
  revoked: z.looseObject({ at: timeSchema, why: z.string() }).nullable(),
});

export type NodeRecord = z.infer<typeof nodeRecordSchema>;
