import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

/**
 * A node asks all others to look at themselves, `<root>/.swarmnfs/roll-calls/<id>/called.json`. Beside it lies the answer of
 * each node, by its id. The folder is there only while somebody asks.
 */
export const rollCallSchema = z.looseObject({
  schema: z.literal(1),
  id: z.uuid(),
  /** Who asks. */
  node: z.string(),
  nodeId: z.uuid(),
  version: z.string(),
  /** The volume through which files go from node to node; null: none could be had. */
  volume: nameSchema.nullable(),
  /** What whoever asks has written there, as a file that is called by its id. */
  token: z.string().max(100),
  calledAt: timeSchema,
});
export type RollCall = z.infer<typeof rollCallSchema>;

export const findingSchema = z.object({
  level: z.enum(["ok", "warning", "problem"]),
  title: z.string().max(2000),
  advice: z.string().max(4000).exactOptional(),
});

/** What a node says of itself. */
export const rollAnswerSchema = z.looseObject({
  schema: z.literal(1),
  node: z.string().max(253),
  nodeId: z.uuid(),
  /** As swarm knows it; null outside a swarm. */
  swarmNode: z.string().max(100).nullable(),
  version: z.string().max(100),
  /** By its own clock. */
  at: timeSchema,
  /** Of its own doctor. */
  findings: z.array(findingSchema).max(200),
  /** Whether it read there what was written, and wrote; null: there was nowhere to. */
  scratch: z.object({ ok: z.boolean(), reason: z.string().max(4000) }).nullable(),
});
export type RollAnswer = z.infer<typeof rollAnswerSchema>;

/** … and by how much its clock was ahead of the storage's then, milliseconds. */
export const givenRollAnswerSchema = rollAnswerSchema.extend({ aheadMs: z.number() });

/** Milliseconds after which nobody waits for answers any more. */
export const rollCallMs = 180_000;
