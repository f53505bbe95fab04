import * as z from "zod";

/** The codes of `UserError`, and what only the control API can say. */
export const problemCodeSchema = z.enum([
  "invalid",
  "unsupported",
  "not-found",
  "conflict",
  "in-use",
  "denied",
  "unavailable",
  "full",
  "read-only",
  /** No certificate, or one that is not (any more) ours. */
  "unknown-node",
  /** The node is fenced, and has to report back first. */
  "fenced",
  /** Too many requests; `Retry-After` says when. */
  "too-many",
  "internal",
]);
export type ProblemCode = z.infer<typeof problemCodeSchema>;

/** An error of the control API, `application/problem+json` (RFC 9457). Decide by `code`; `detail` is for people. */
export const problemSchema = z.object({
  /** `urn:swarmnfs:problem:<code>`. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: problemCodeSchema,
});
export type Problem = z.infer<typeof problemSchema>;
