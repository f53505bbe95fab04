import type { Answer } from "./exchange.ts";
import { RemoteFailure } from "../failure.ts";

const statuses = new Set([301, 302, 307, 308]);

/**
 * Where an answer redirects to, with the same method and body; null when it does not. Throws `wrong-target` when it leads where
 * the password must not go: another host that was not allowed, or from https to http.
 */
export function redirected(
  from: URL,
  { status, headers }: Pick<Answer, "status" | "headers">,
  allowedHosts: readonly string[],
): URL | null {
  if (!statuses.has(status) || headers.location === undefined) return null;
  const to = URL.parse(headers.location, from.href);
  if (to === null || (to.protocol !== "http:" && to.protocol !== "https:"))
    throw wrong(from, "to something that is no web address");
  if (from.protocol === "https:" && to.protocol === "http:")
    throw wrong(from, `to http, where everybody could read along (${to.origin})`);
  if (to.hostname !== from.hostname && !allowedHosts.includes(to.hostname))
    throw wrong(from, `to another host, "${to.host}", which is not given the password`);
  return to;
}

function wrong(from: URL, where: string): RemoteFailure {
  return new RemoteFailure(
    "wrong-target",
    `"${from.host}" redirects ${where}: if that is right, set WEBDAV_URL to the address it leads to`,
  );
}
