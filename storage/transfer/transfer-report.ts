import * as z from "zod";

const namedSchema = z.object({ count: z.int(), first: z.array(z.string()) });

/** How far a transfer is. Bytes; `total` null while it is not known. */
export const transferProgressSchema = z.object({
  doing: z.enum(["copying", "comparing"]),
  bytes: z.number(),
  total: z.number().nullable(),
  files: z.int(),
});

/** What came of a transfer. */
export const transferReportSchema = z.object({
  /** False: what was copied differs from its source, and is not in its place yet. Begun again, only what differs is copied. */
  whole: z.boolean(),
  /** Files, directories and symlinks that were compared, and the bytes in them. */
  files: z.int(),
  bytes: z.number(),
  differences: namedSchema,
  /** What copies leave out: sockets, pipes, devices, and what is mounted inside. */
  leftOut: namedSchema,
});

/** A line of what the program says. The last one is a report or a failure. */
export const transferLineSchema = z.union([
  z.object({ progress: transferProgressSchema }),
  z.object({ report: transferReportSchema }),
  z.object({ failure: z.object({ code: z.string(), message: z.string() }) }),
]);

export type TransferProgress = z.infer<typeof transferProgressSchema>;
export type TransferReport = z.infer<typeof transferReportSchema>;
export type TransferLine = z.infer<typeof transferLineSchema>;
