import * as z from "zod";
import { appOwnerSchema, appRecordSchema } from "../../records/app.ts";
import { timeSchema } from "../../records/fields.ts";
import { hookAnswerSchema, hookCallSchema } from "../../records/hook-call.ts";
import {
  givenRollAnswerSchema,
  rollAnswerSchema,
  rollCallSchema,
} from "../../records/roll-call.ts";
import { trashRecordSchema } from "../../records/trash.ts";
import { volumeRecordSchema } from "../../records/volume.ts";
import {
  adoptableSchema,
  appChangeSchema,
  attachedSchema,
  catalogSchema,
  configSchema,
  healthSchema,
  removalSchema,
  reviewSchema,
  staticGrantSchema,
  storageViewSchema,
  usageSchema,
  volumeChangeSchema,
} from "./answers.ts";
import { leaseSchema, renewalSchema, renewedSchema } from "./lease.ts";
import { certificateSchema, enrolledNodeSchema, enrolmentSchema, givenRoleSchema } from "./node.ts";
import { route } from "./route.ts";

const nothing = z.undefined();
const done = z.strictObject({});
const node = ["node", "backup"] as const;
const admin = ["admin"] as const;

/** The control API, `https://server:2050/v1`; and on a socket in the server's container, where everybody is an admin. */
export const routes = {
  enrol: route({
    method: "POST",
    path: "/v1/enrol",
    summary: "A node gets its certificate for a one-time token",
    who: "anyone",
    body: enrolmentSchema,
    answer: certificateSchema,
  }),
  certify: route({
    method: "POST",
    path: "/v1/certificate",
    summary: "A node gets a new certificate before its own ends",
    who: node,
    body: z.strictObject({ request: z.string().max(10_000) }),
    answer: certificateSchema,
  }),
  storage: route({
    method: "GET",
    path: "/v1/storage",
    summary: "Which storage this is, and where it serves NFS",
    who: node,
    body: nothing,
    answer: storageViewSchema,
  }),
  health: route({
    method: "GET",
    path: "/v1/storage/health",
    summary: "How full the storage is, and what is wrong with it",
    who: node,
    body: nothing,
    answer: healthSchema,
  }),
  catalog: route({
    method: "POST",
    path: "/v1/catalog",
    summary: "All volumes and apps, unless nothing has changed since a list that was seen",
    who: node,
    body: z.strictObject({ seen: z.string().max(10_000).nullable() }),
    answer: z.strictObject({
      seen: z.string().nullable(),
      uses: catalogSchema.shape.uses,
      catalog: catalogSchema.nullable(),
      /** Nodes that ask all others to look at themselves, now. */
      rollCalls: z.array(rollCallSchema).optional(),
      /** Backups around which containers may want something done. */
      hookCalls: z.array(hookCallSchema).optional(),
    }),
    reads: true,
  }),
  callRoll: route({
    method: "POST",
    path: "/v1/roll-calls",
    summary: "Ask all nodes to look at themselves; they see it in their catalog",
    who: node,
    body: rollCallSchema.omit({ node: true, nodeId: true }),
    answer: done,
  }),
  answerRoll: route({
    method: "POST",
    path: "/v1/roll-calls/:id/answers",
    summary: "What this node says of itself",
    who: node,
    body: rollAnswerSchema.omit({ node: true, nodeId: true }),
    answer: done,
  }),
  rollAnswers: route({
    method: "GET",
    path: "/v1/roll-calls/:id/answers",
    summary: "What nodes have said so far, to the node that asked",
    who: node,
    body: nothing,
    answer: z.strictObject({ answers: z.array(givenRollAnswerSchema) }),
  }),
  endRoll: route({
    method: "DELETE",
    path: "/v1/roll-calls/:id",
    summary: "The node that asked has heard enough: the call, its answers and its volume go",
    who: node,
    body: nothing,
    answer: done,
  }),
  answerHook: route({
    method: "POST",
    path: "/v1/hooks/:id/answers",
    summary: "What this node's containers did about a backup",
    who: node,
    body: hookAnswerSchema.omit({ node: true, nodeId: true, holders: true }).strip(),
    answer: done,
  }),
  review: route({
    method: "POST",
    path: "/v1/review",
    summary: "How the storage and its volumes grew since then, and how they are backed up",
    who: node,
    body: z.strictObject({ since: timeSchema }),
    answer: reviewSchema,
    reads: true,
  }),
  createVolume: route({
    method: "POST",
    path: "/v1/volumes",
    summary: "Make a volume, or get the one that was asked for before with the same options",
    who: node,
    body: z.strictObject({
      name: z.string(),
      /** As they were asked for, word for word. */
      options: z.record(z.string(), z.string()),
      /** What the node adds where nothing was asked for: it is not kept as asked, and gives way to what exists. */
      defaults: z.record(z.string(), z.string()).optional(),
    }),
    answer: volumeRecordSchema,
  }),
  adoptVolume: route({
    method: "POST",
    path: "/v1/volumes/adopt",
    summary: "Make a directory that lies on the data disk a volume, by renaming it",
    who: admin,
    body: z.strictObject({
      /** From the storage's root on. */
      path: z.string().max(4096),
      name: z.string(),
      options: z.record(z.string(), z.string()),
    }),
    answer: volumeRecordSchema,
  }),
  examine: route({
    method: "POST",
    path: "/v1/volumes/examine",
    summary: "Look at a directory that is to become a volume, without changing anything",
    who: admin,
    body: z.strictObject({ path: z.string().max(4096) }),
    answer: adoptableSchema,
    reads: true,
    withinMs: 28_000,
  }),
  volume: route({
    method: "GET",
    path: "/v1/volumes/:name",
    summary: "One volume's record",
    who: node,
    body: nothing,
    answer: volumeRecordSchema,
  }),
  changeVolume: route({
    method: "PATCH",
    path: "/v1/volumes/:name",
    summary: "Change a volume's rules",
    who: admin,
    body: volumeChangeSchema,
    answer: volumeRecordSchema,
  }),
  removeVolume: route({
    method: "DELETE",
    path: "/v1/volumes/:name",
    summary: "A volume to the trash, or retained",
    who: ["node"],
    body: nothing,
    answer: removalSchema,
  }),
  usage: route({
    method: "GET",
    path: "/v1/volumes/:name/usage",
    summary: "Bytes and files of a volume",
    who: node,
    body: nothing,
    answer: usageSchema,
  }),
  attach: route({
    method: "POST",
    path: "/v1/volumes/:name/attach",
    summary: "A lease of a volume for this node, and what to mount",
    who: node,
    body: z.strictObject({ id: z.uuid().nullable(), consumers: z.array(z.string()) }),
    answer: attachedSchema,
  }),
  detach: route({
    method: "POST",
    path: "/v1/volumes/:name/detach",
    summary: "The lease is given back",
    who: node,
    body: done,
    answer: done,
  }),
  renew: route({
    method: "POST",
    path: "/v1/leases/renew",
    summary: "Renew all leases of this node, and wait for what the server wants",
    who: node,
    body: renewalSchema,
    answer: renewedSchema,
    longPoll: true,
  }),
  absence: route({
    method: "POST",
    path: "/v1/leases/absence",
    summary: "This node's plugin stops on purpose for so long: do not fence it before",
    who: node,
    body: z.strictObject({ forMs: z.int().min(0).max(900_000) }),
    answer: done,
  }),
  leases: route({
    method: "GET",
    path: "/v1/leases",
    summary: "Who may mount what now, nodes by leases and hosts without a plugin by the policy",
    who: node,
    body: nothing,
    answer: z.strictObject({ leases: z.array(leaseSchema), statics: z.array(staticGrantSchema) }),
  }),
  revokeLease: route({
    method: "DELETE",
    path: "/v1/leases/:id",
    summary: "Take a lease away from its node at once",
    who: admin,
    body: nothing,
    answer: done,
  }),
  app: route({
    method: "GET",
    path: "/v1/apps/:name",
    summary: "An app's rules",
    who: node,
    body: nothing,
    answer: appRecordSchema,
  }),
  changeApp: route({
    method: "PATCH",
    path: "/v1/apps/:name",
    summary: "Change an app's rules",
    who: admin,
    body: appChangeSchema,
    answer: appRecordSchema,
  }),
  claimApp: route({
    method: "POST",
    path: "/v1/apps/:name/claim",
    summary: "Take an app whose rule is first come, first served; answers who has it",
    who: node,
    body: appOwnerSchema,
    answer: appRecordSchema,
  }),
  trash: route({
    method: "GET",
    path: "/v1/trash",
    summary: "Removed volumes",
    who: node,
    body: nothing,
    answer: z.strictObject({
      entries: z.array(z.strictObject({ id: z.string(), record: trashRecordSchema })),
    }),
  }),
  undelete: route({
    method: "POST",
    path: "/v1/trash/undelete",
    summary: "Bring a removed volume back",
    who: admin,
    body: z.strictObject({ entry: z.string(), as: z.string().nullable() }),
    answer: volumeRecordSchema,
  }),
  purge: route({
    method: "POST",
    path: "/v1/trash/purge",
    summary: "Destroy removed volumes for good",
    who: admin,
    body: z.strictObject({ entries: z.array(z.string()).max(10_000) }),
    answer: z.strictObject({ purged: z.array(z.string()) }),
    withinMs: 600_000,
  }),
  nodes: route({
    method: "GET",
    path: "/v1/nodes",
    summary: "Nodes that have enrolled",
    who: node,
    body: nothing,
    answer: z.strictObject({ nodes: z.array(enrolledNodeSchema) }),
  }),
  token: route({
    method: "POST",
    path: "/v1/tokens",
    summary: "A one-time token with which a node of this name can enrol",
    who: admin,
    body: z.strictObject({
      node: z.string().min(1).max(253),
      /** From where it may be used; null: from anywhere. */
      cidr: z.string().nullable(),
      /** Milliseconds. */
      validMs: z.int().min(60_000).max(86_400_000),
      /** It replaces a node of that name that is gone. */
      replace: z.boolean(),
      /** What the node is then; `node` unless said otherwise. */
      role: givenRoleSchema.optional(),
    }),
    answer: z.strictObject({ token: z.string(), expiresAt: timeSchema }),
  }),
  revokeNode: route({
    method: "DELETE",
    path: "/v1/nodes/:id",
    summary: "A node's certificate and leases are void at once",
    who: admin,
    body: nothing,
    answer: done,
  }),
  config: route({
    method: "GET",
    path: "/v1/config",
    summary: "The server's settings, as they were understood",
    who: admin,
    body: nothing,
    answer: configSchema,
  }),
  unfenceNode: route({
    method: "POST",
    path: "/v1/nodes/:id/unfence",
    summary: "Take a fenced node back that was looked after by hand",
    who: admin,
    body: done,
    answer: done,
  }),
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
export type BodyOf<Name extends RouteName> = z.infer<Routes[Name]["body"]>;
export type AnswerOf<Name extends RouteName> = z.infer<Routes[Name]["answer"]>;
