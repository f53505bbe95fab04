import * as z from "zod";
import { nameSchema, timeSchema } from "./fields.ts";

/** The stack, service, project or container that took an app by mounting it first. */
export const appOwnerSchema = z.strictObject({
  kind: z.enum(["stack", "service", "project", "container"]),
  /** What a `services` rule would have to say to allow it. */
  name: z.string(),
  since: timeSchema,
});

/**
 * An app as it lies in `<root>/.swarmnfs/apps/<app>.json`. The app owns the rules, its volumes own the data: later
 * volumes inherit and may only narrow for themselves.
 */
export const appRecordSchema = z.looseObject({
  schema: z.literal(1),
  revision: z.int().min(1),
  app: nameSchema,
  /** `"first"`: open until the first stack, service or project mounts a volume of it; then `owner` alone may. */
  services: z.union([z.literal("first"), z.array(z.string())]),
  /** Set once, and only while `services` is `"first"`. */
  owner: appOwnerSchema.nullable(),
  /** Node names or globs; `["*"]` is every node. */
  hosts: z.array(z.string()),
  /** Bytes that the sizes of its volumes may add up to, or null. */
  size: z.int().min(1).nullable(),
  createdAt: timeSchema,
  createdBy: z.string(),
});

export type AppRecord = z.infer<typeof appRecordSchema>;
export type AppOwner = z.infer<typeof appOwnerSchema>;
