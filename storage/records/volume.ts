import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

/** `shared`: mounted on many nodes at once; `exclusive`: on one at a time; `readonly`: on many, and nobody writes. */
export const accessModeSchema = z.enum(["shared", "exclusive", "readonly"]);
export const onRemoveSchema = z.enum(["archive", "delete", "retain"]);
export const volumeStateSchema = z.enum(["creating", "filling", "ready", "retained", "trashed"]);

/**
 * A volume as it lies in `<root>/.swarmnfs/volumes/<name>.json`. Unknown fields are kept, so that an older program
 * does not lose what a newer one wrote. The directory is never stored: it is computed from `app` and `name`.
 */
export const volumeRecordSchema = z.looseObject({
  schema: z.literal(1),
  /** Grows by one with every replacement; the ground of compare-and-swap. */
  revision: z.int().min(1),
  /** UUIDv7; a name may come again, an id never does. */
  id: z.uuid(),
  name: nameSchema,
  app: nameSchema,
  /** The options as they were asked for, word for word: what `Create` is compared with. */
  options: z.record(z.string(), z.string()),
  /** A narrower rule than the app's, or null: the app's rule as it stands. */
  services: z.array(z.string()).nullable(),
  hosts: z.array(z.string()).nullable(),
  access: accessModeSchema,
  owner: z.strictObject({
    uid: z.int().min(0),
    gid: z.int().min(0),
    /** Permission bits, at most 0o7777. */
    mode: z.int().min(0).max(0o7777),
  }),
  squash: z.enum(["app"]).nullable(),
  /** Quota in bytes, or null for none. */
  size: z.int().min(1).nullable(),
  onRemove: onRemoveSchema,
  /** `default`, `off`, or a cron expression. */
  backup: z.string(),
  mirror: z.boolean().nullable(),
  mountOptions: z.array(z.string()),
  /** The whole storage instead of a directory of its own. */
  root: z.boolean(),
  /** Positive 31-bit number: NFS file system id and project id. */
  fsid: z.int().min(1),
  /** What it began with; null: empty. */
  fill: z
    .looseObject({
      /** A volume of the same app. */
      from: z.string(),
      /** Of a snapshot: when; null: as it was when it was copied. */
      at: timeSchema.nullable(),
      /** The id of the volume that is copied: another one of its name is not meant. */
      source: z.string().optional(),
      /** The node that fills it, by its name and its id, and when it was last seen to. */
      by: z.string().optional(),
      byId: z.string().optional(),
      seenAt: timeSchema.optional(),
      /** Tells one attempt from another. */
      run: z.string().optional(),
      /** Bytes; `total` is not known at first. */
      done: z.number().min(0).optional(),
      total: z.number().min(0).nullable().optional(),
      /** Why it does not get on, in words for people. */
      trouble: z.string().nullable().optional(),
      /** When it was complete. */
      filledAt: timeSchema.optional(),
      /** A volume that was there goes back to a version in its place: what happens to what it holds. */
      inPlace: z
        .looseObject({
          /** Only these paths, and what was there stays beside them; empty: all, and what was there goes to the trash. */
          paths: z.array(z.string()),
          /** The entry in the trash. */
          entry: z.string(),
          purgeAt: timeSchema,
          /** The number towards the kernel of what takes its place, so that both do not count as one. */
          fsid: z.int().min(1).max(0x7fff_ffff),
          /** Who had it mounted and was not waited for. */
          heldBy: z.array(z.string()).optional(),
        })
        .nullable()
        .optional(),
    })
    .nullable(),
  state: volumeStateSchema,
  /** While `trashed`: where it goes, so that anybody can finish a removal that was interrupted. */
  removal: z
    .looseObject({
      entry: z.string(),
      at: timeSchema,
      by: z.string(),
      nodeId: z.string().optional(),
      /** What it was before, and is again if the removal is taken back. */
      from: volumeStateSchema.optional(),
      purgeAt: timeSchema,
    })
    .nullable()
    .optional(),
  /** While `creating`: the trash entry that it comes back from, so that anybody can finish an undelete. */
  restore: z.string().nullable().optional(),
  /** The directory of the storage that became it: where it was, and its inode. While `creating` anybody can finish that. */
  adopted: z.looseObject({ path: z.string(), ino: z.string() }).nullable().optional(),
  createdAt: timeSchema,
  /** Name of the node that created it. */
  createdBy: z.string(),
});

export type VolumeRecord = z.infer<typeof volumeRecordSchema>;
export type AccessMode = z.infer<typeof accessModeSchema>;
export type OnRemove = z.infer<typeof onRemoveSchema>;
