import * as z from "zod";
import { nameSchema, timeSchema } from "../../records/fields.ts";

/** A lease is lost, and an exclusive volume may go to another node, when it was not renewed for so long (contracts §6). */
export const leaseTermMs = 60_000;
/** How often a node renews all its leases at once; a renewal is a long poll, so requests of the server come at once. */
export const renewEveryMs = 15_000;
/** A renewal waits this long for something to say, at most. */
export const longPollMs = 20_000;

/** The right of one node to mount one volume, as the server tells it; times by the server's clock. */
export const leaseSchema = z.strictObject({
  id: z.uuid(),
  volume: nameSchema,
  /** Of the volume's record: a name may come again. */
  volumeId: z.uuid(),
  app: nameSchema,
  nodeId: z.uuid(),
  node: z.string(),
  /** What the server sees this node at. */
  address: z.string(),
  mode: z.enum(["rw", "ro"]),
  exclusive: z.boolean(),
  grantedAt: timeSchema,
  expiresAt: timeSchema,
  consumers: z.array(z.string()),
  /** `held`; `silent`: not renewed in time, and kept until somebody else needs it; `fenced`: taken away by force. */
  state: z.enum(["held", "silent", "fenced"]),
});
export type Lease = z.infer<typeof leaseSchema>;

/** What the server wants of a node. */
export const leaseRequestSchema = z.discriminatedUnion("kind", [
  /** Another node wants this exclusive volume: give it back if nobody uses it there. */
  z.strictObject({ kind: z.literal("release"), id: z.uuid(), volume: nameSchema }),
  /** The catalog has changed: look at it again. */
  z.strictObject({ kind: z.literal("changed"), id: z.uuid() }),
]);
export type LeaseRequest = z.infer<typeof leaseRequestSchema>;

/** What a node says to a request. */
export const leaseReplySchema = z.strictObject({
  request: z.uuid(),
  outcome: z.enum(["released", "in-use", "done"]),
  /** Who uses it there, in words; empty unless `in-use`. */
  consumers: z.array(z.string()),
});
export type LeaseReply = z.infer<typeof leaseReplySchema>;

export const renewalSchema = z.strictObject({
  /** Everything that is mounted there. A lease that is not named is not renewed. */
  signs: z.array(
    z.strictObject({ volume: nameSchema, since: timeSchema, consumers: z.array(z.string()) }),
  ),
  replies: z.array(leaseReplySchema),
  /** How long the server may keep the node waiting for a request of its, milliseconds. */
  waitMs: z.int().min(0).max(longPollMs),
  /** The node was told that it is fenced, and has unmounted what it had: it wants to be taken back. */
  unfenced: z.boolean(),
});
export type Renewal = z.infer<typeof renewalSchema>;

export const renewedSchema = z.strictObject({
  termMs: z.int(),
  /** The node is fenced: nothing of its holds any more until it has unmounted everything and says so. */
  fenced: z.boolean(),
  /** Of the volumes it named: those it has no lease for (any more). It must attach them again, or unmount them. */
  lost: z.array(nameSchema),
  requests: z.array(leaseRequestSchema),
});
export type Renewed = z.infer<typeof renewedSchema>;
