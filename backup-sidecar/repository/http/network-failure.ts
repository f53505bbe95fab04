import { RemoteFailure } from "../failure.ts";
import { tlsFailure } from "./trust.ts";

const words = new Map([
  ["ECONNREFUSED", "refuses connections: does the server run, and is the port right?"],
  ["ECONNRESET", "broke the connection"],
  ["EPIPE", "broke the connection"],
  ["ECONNABORTED", "broke the connection"],
  ["ENOTFOUND", "is a name that is not known (DNS)"],
  ["EAI_AGAIN", "cannot be looked up now: the DNS does not answer"],
  ["EHOSTUNREACH", "cannot be reached: no way leads there"],
  ["ENETUNREACH", "cannot be reached: no way leads there"],
  ["ETIMEDOUT", "does not answer"],
]);

/** What an error below HTTP means: `tls` or `network`. An error that is a RemoteFailure already stays it. */
export function networkFailure(host: string, error: unknown): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  const code = codeOf(error);
  const tls = tlsFailure(code, host, error);
  if (tls !== null) return tls;
  return new RemoteFailure("network", `"${host}" ${words.get(code) ?? "broke the connection"}`, {
    cause: error,
  });
}

/** The code of an error, or of the first inside of it: several addresses of a name fail as one. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return "";
}
