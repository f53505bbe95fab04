import * as z from "zod";
import { appRecordSchema } from "../../records/app.ts";
import { nameSchema, timeSchema } from "../../records/fields.ts";
import { useRecordSchema } from "../../records/use.ts";
import { accessModeSchema, onRemoveSchema, volumeRecordSchema } from "../../records/volume.ts";
import { leaseSchema } from "./lease.ts";

export const usageSchema = z.strictObject({
  bytes: z.int(),
  files: z.int().optional(),
  by: z.enum(["walk", "quota"]),
  at: timeSchema,
});

const standingOutSchema = z.strictObject({ count: z.int(), first: z.array(z.string()) });

/** A directory that may become a volume. */
export const adoptableSchema = z.strictObject({
  path: z.string(),
  owner: z.strictObject({ uid: z.int(), gid: z.int(), mode: z.int() }),
  files: z.int(),
  bytes: z.int(),
  whole: z.boolean(),
  leadOut: standingOutSchema,
  shared: standingOutSchema,
});

export const catalogSchema = z.strictObject({
  volumes: z.array(volumeRecordSchema),
  apps: z.array(appRecordSchema),
  uses: z.record(z.string(), z.array(useRecordSchema)),
  usage: z.record(z.string(), usageSchema),
  lastUse: z.record(z.string(), timeSchema),
  lastSnapshot: z.record(z.string(), timeSchema).optional(),
  damaged: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
});

export const volumeChangeSchema = z.strictObject({
  services: z.array(z.string()).nullable().optional(),
  hosts: z.array(z.string()).nullable().optional(),
  access: accessModeSchema.optional(),
  size: z.int().min(1).nullable().optional(),
  onRemove: onRemoveSchema.optional(),
  backup: z.string().optional(),
  mountOptions: z.array(z.string()).optional(),
});

export const appChangeSchema = z.strictObject({
  services: z.union([z.array(z.string()), z.literal("first")]).optional(),
  hosts: z.array(z.string()).optional(),
  size: z.int().min(1).nullable().optional(),
});

const bytesSchema = z.number().min(0);

export const reviewSchema = z.strictObject({
  days: z.array(z.strictObject({ at: timeSchema, total: bytesSchema, free: bytesSchema })),
  volumes: z.record(z.string(), z.array(bytesSchema.nullable())),
  backup: z
    .strictObject({
      node: z.string(),
      version: z.string(),
      seenAt: timeSchema,
      volumes: z.record(
        z.string(),
        z.strictObject({
          app: z.string(),
          versions: z.int().min(0),
          lastGood: timeSchema.nullable(),
          suspect: z.string().nullable(),
        }),
      ),
      drills: z.record(z.string(), z.strictObject({ at: timeSchema, ok: z.boolean() })),
    })
    .nullable(),
});

export const removalSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("trashed"), entry: z.string(), purgeAt: timeSchema }),
  z.strictObject({ kind: z.literal("retained") }),
  z.strictObject({ kind: z.literal("forgotten") }),
]);

export const healthSchema = z.strictObject({
  state: z.enum(["ok", "nearly-full", "read-only", "full"]),
  total: z.number(),
  free: z.number(),
  notes: z.array(z.string()),
});

/** What a node must know to mount. */
export const storageViewSchema = z.strictObject({
  /** The storage's id: the marker on the data disk. */
  id: z.uuid(),
  version: z.string(),
  /** Where NFS is served: the address of the interface, and the port. */
  nfs: z.strictObject({
    address: z.string(),
    port: z.int(),
    /** NFS over TLS, and nothing else (RFC 9289, mutual); left out where it is plain. */
    tls: z.literal(true).optional(),
  }),
  /** How one app is kept from another on one file system (nfs-server facts §3). */
  isolation: z.enum(["subtree_check", "sign_fh"]),
  quota: z.enum(["xfs", "ext4", "none"]),
});

export const attachedSchema = z.strictObject({
  lease: leaseSchema,
  /** What to mount from the server's address: `/blog_data`. */
  path: z.string(),
  /** Words for `-o`: what the volume's record asks for, and `ro`. */
  options: z.array(z.string()),
});

/** A volume that the policy gives to a host without a plugin: no lease, and never renewed. */
export const staticGrantSchema = z.strictObject({
  volume: nameSchema,
  app: nameSchema,
  /** As the policy names it. */
  host: z.string(),
  address: z.string(),
  mode: z.enum(["rw", "ro"]),
  since: timeSchema,
});
export type StaticGrantView = z.infer<typeof staticGrantSchema>;

/** The server's settings, as they were understood. */
export const configSchema = z.strictObject({
  settings: z.array(
    z.strictObject({
      /** `SWARMNFS_INTERFACE`, or what a policy file calls it. */
      name: z.string(),
      /** In words for people. */
      value: z.string(),
      from: z.enum(["default", "environment", "policy file"]),
    }),
  ),
  /** What is allowed and probably not meant. */
  notes: z.array(z.string()),
});
