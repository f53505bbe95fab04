import * as z from "zod";
import { timeSchema } from "../../records/fields.ts";

/** `node`: what plugins are. `admin`: changes rules, purges, revokes. `backup`: reads everything. Contracts §6. */
export const roleSchema = z.enum(["node", "admin", "backup"]);
export type Role = z.infer<typeof roleSchema>;

/** What a node can be given by its join token; administrators are named in the server's settings. */
export const givenRoleSchema = roleSchema.exclude(["admin"]);
export type GivenRole = z.infer<typeof givenRoleSchema>;

/** A node that has enrolled, as `swarmnfs server nodes` shows it. */
export const enrolledNodeSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: roleSchema,
  enrolledAt: timeSchema,
  /** When its certificate ends. */
  certifiedUntil: timeSchema,
  /** Where it called from last, and when; null before its first call. */
  address: z.string().nullable(),
  seenAt: timeSchema.nullable(),
  state: z.enum(["live", "silent", "fenced", "revoked"]),
  /** Why it was fenced; null unless it is. */
  fencedBecause: z.string().nullable(),
  leases: z.int(),
});
export type EnrolledNode = z.infer<typeof enrolledNodeSchema>;

export const enrolmentSchema = z.strictObject({
  token: z.string().max(1000),
  id: z.uuid(),
  name: z.string().min(1).max(253),
  /** PKCS #10, PEM: the node keeps its key to itself. */
  request: z.string().max(10_000),
});

/** PEM. */
export const certificateSchema = z.strictObject({ certificate: z.string(), authority: z.string() });
export type Certificate = z.infer<typeof certificateSchema>;
