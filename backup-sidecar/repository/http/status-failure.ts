import type { IncomingHttpHeaders } from "node:http";
import { RemoteFailure } from "../failure.ts";

/** What a status that is no success means. `what` is what was tried, for people: `reading keys`. */
export function statusFailure(
  host: string,
  what: string,
  status: number,
  headers: IncomingHttpHeaders,
  now = Date.now(),
): RemoteFailure {
  const server = `"${host}"`;
  const retryAfterMs = retryAfter(headers["retry-after"], now);
  const details = { status, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  switch (status) {
    case 401:
      return new RemoteFailure(
        "auth",
        `${server} refuses the user name or the password: check WEBDAV_USERNAME and WEBDAV_PASSWORD_FILE (Nextcloud wants an app password)`,
        details,
      );
    case 403:
      return new RemoteFailure(
        "forbidden",
        `${server} does not allow ${what}: check what this user may do there`,
        details,
      );
    case 404:
    case 410:
      return new RemoteFailure("gone", `${server} does not have it (${what})`, details);
    case 413:
      return new RemoteFailure(
        "too-big",
        `${server} takes no file of that size (${what}): raise its limit for bodies (nginx: client_max_body_size) to 128M`,
        details,
      );
    case 423:
      return new RemoteFailure("locked", `${server} holds a lock on it (${what})`, details);
    case 429:
      return new RemoteFailure("busy", `${server} asks for fewer requests`, details);
    case 503:
      return new RemoteFailure("busy", `${server} is busy or being maintained`, details);
    case 507:
      return new RemoteFailure(
        "full",
        `${server} has no space left, or the quota of this user is used up: make room there. Nothing of what is there is touched`,
        details,
      );
    default:
      return status >= 500 || status === 408 || status === 425
        ? new RemoteFailure("server", `${server} failed at ${what}`, details)
        : new RemoteFailure("server", `${server} does not do ${what}`, {
            ...details,
            waitingHelps: status === 409,
          });
  }
}

/** Milliseconds of a Retry-After header, which counts seconds or names a date; at most an hour. */
function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : null;
}
