import * as z from "zod";

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

/** What `docker system df` is made from, as far as we look at it. */
export const diskUsageSchema = z.object({
  Containers: list(
    z.object({
      Id: z.string(),
      State: z.string(),
      /** Seconds since 1970. */
      Created: z.number(),
      SizeRw: z.number().optional(),
    }),
  ),
  Images: list(
    z.object({
      Id: z.string(),
      RepoTags: z.array(z.string()).nullish(),
      RepoDigests: z.array(z.string()).nullish(),
      Created: z.number(),
      Size: z.number(),
      /** -1: not counted. */
      SharedSize: z.number().optional(),
      Labels: labels,
    }),
  ),
  Volumes: list(
    z.object({
      Name: z.string(),
      Driver: z.string(),
      CreatedAt: z.string().optional(),
      Labels: labels,
      UsageData: z.object({ RefCount: z.number(), Size: z.number() }).nullish(),
    }),
  ),
  BuildCache: list(
    z.object({
      InUse: z.boolean(),
      Shared: z.boolean().optional(),
      Size: z.number(),
      CreatedAt: z.string(),
      LastUsedAt: z.string().nullish(),
    }),
  ),
});

export type DiskUsage = z.infer<typeof diskUsageSchema>;
