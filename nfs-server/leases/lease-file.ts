import { join } from "node:path";
import * as z from "zod";
import { nameSchema, timeSchema } from "../../storage/records/fields.ts";
import { RecordFiles } from "./record-files.ts";

/**
 * A lease as it lies in `<root>/.swarmnfs/server/leases/<volume>@<node id>.json`: from before the kernel shows the volume
 * to the node until after it does so no more. It holds all that the kernel must be told, so that a started server can go on
 * even where the volume's record cannot be read. Renewals are not written: after a start every lease gets a full term.
 */
export const leaseRecordSchema = z.looseObject({
  schema: z.literal(1),
  id: z.uuid(),
  volume: nameSchema,
  volumeId: z.uuid(),
  app: nameSchema,
  nodeId: z.uuid(),
  node: z.string(),
  /** Where the node called from when this was written last. */
  address: z.string(),
  exclusive: z.boolean(),
  readOnly: z.boolean(),
  /** The node may only read it, whatever the volume's record says. */
  isReader: z.boolean().optional(),
  fsid: z.int().min(1),
  squash: z.strictObject({ uid: z.int().min(0), gid: z.int().min(0) }).nullable(),
  grantedAt: timeSchema,
});

export type LeaseRecord = z.infer<typeof leaseRecordSchema>;

export type LeaseFiles = RecordFiles<typeof leaseRecordSchema>;

/** `folder` is the server's own on the data disk. */
export function leaseFiles(folder: string): LeaseFiles {
  return new RecordFiles(join(folder, "leases"), leaseRecordSchema);
}

/** The file's name, and the lease's key. Volume names have no `@`. */
export function keyOf(volume: string, nodeId: string): string {
  return `${volume}@${nodeId}`;
}

/** Of a file that cannot be read: whose lease it was. Null: it is not one of ours. */
export function partsOf(key: string): { readonly volume: string; readonly nodeId: string } | null {
  const [, volume, nodeId] = /^([^@]+)@([0-9a-f-]{36})$/.exec(key) ?? [];
  return volume === undefined || nodeId === undefined ? null : { volume, nodeId };
}
