import { UserError } from "../../service/user-error.ts";
import type { Problem, ProblemCode } from "../../storage/swarmnfs/protocol/problem.ts";
import { NodeFenced } from "../leases/node-fenced.ts";
import { Refusal } from "./refusal.ts";

/** How each problem is called and numbered. Programs decide by the code. */
const kinds: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  invalid: [400, "The request is wrong"],
  unsupported: [422, "This storage cannot do that"],
  "not-found": [404, "There is no such thing"],
  conflict: [409, "It is otherwise already"],
  "in-use": [409, "It is in use"],
  denied: [403, "The rules say no"],
  unavailable: [503, "It cannot be done now"],
  full: [507, "There is no room"],
  "read-only": [503, "The storage cannot be written to"],
  "unknown-node": [401, "Who calls is not known"],
  fenced: [423, "The node is fenced"],
  "too-many": [429, "Too many requests"],
  internal: [500, "The server made a mistake"],
};

/** An answer that says no. */
export interface Failure {
  readonly problem: Problem;
  /** Seconds, for `Retry-After`. */
  readonly retryAfterS: number | null;
}

/** What a caller hears of an error. Only errors that are meant for people are repeated. */
export function failureOf(error: unknown): Failure {
  if (error instanceof NodeFenced) return failure("fenced", error.message);
  if (error instanceof UserError) return failure(error.code, error.message);
  if (error instanceof Refusal) return failure(error.code, error.message, error.retryAfterS);
  const status = statusOf(error);
  if (status !== null && error instanceof Error)
    return failure("invalid", `the request cannot be read: ${error.message}`, null, status);
  return failure(
    "internal",
    "the storage server made a mistake; it is not yours. Its log says more: docker compose logs nfs-server",
  );
}

export function failure(
  code: ProblemCode,
  detail: string,
  retryAfterS: number | null = null,
  status: number = kinds[code][0],
): Failure {
  const type = `urn:swarmnfs:problem:${code}`;
  return { problem: { type, title: kinds[code][1], status, detail, code }, retryAfterS };
}

/** The status that express gave a request it could not read, as one that is too large; null for anything else. */
function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("status" in error)) return null;
  const { status } = error;
  return typeof status === "number" && status >= 400 && status < 500 ? status : null;
}
