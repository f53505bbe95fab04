import type { Call, Endpoint } from "../http/endpoint.ts";
import { payloadOf, type Answer } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import {
  allProperties,
  NoProperties,
  properties,
  readListing,
  type Listing,
} from "./multistatus.ts";
import type { Presence } from "./presence.ts";
import { checkPath } from "../remote-path.ts";
import type { ByteRange } from "../remote.ts";

/** Of every request: whose it is, and what ends it. */
export type Around = Pick<Call, "signal" | "tally">;

/** Names of a folder with 100,000 entries fit. */
export const listingLimit = 64 * 1024 * 1024;

export const xmlType = { "content-type": "application/xml; charset=utf-8" } as const;

/** What is at a path, with Depth 1 also what is in it. Null when it is not there, and our folder is. */
export async function propfind(
  endpoint: Endpoint,
  path: string,
  deep: "0" | "1",
  presence: Presence,
  around: Around,
): Promise<Listing | null> {
  checkPath(path);
  const folder = deep === "1" || path === "";
  const call = { ...around, method: "PROPFIND", path, folder, what: "listing a folder" };
  const ask = (wanted: string): Promise<Answer> =>
    endpoint.send({
      ...call,
      headers: { depth: deep, ...xmlType },
      payload: payloadOf(Buffer.from(wanted)),
    });
  const answer = await ask(properties);
  if (answer.status === 207) {
    const read = async (given: Answer): Promise<Listing> =>
      readListing((await given.bytes(listingLimit)).toString("utf8"), endpoint.urlOf(path, folder));
    return read(answer).catch(async (error: unknown) => {
      if (!(error instanceof NoProperties)) throw error;
      return read(await ask(allProperties));
    });
  }
  answer.discard();
  if (answer.status !== 404 && answer.status !== 410) throw endpoint.failure(call.what, answer);
  await presence.confirm(endpoint, around);
  return null;
}

/** A file, or what of it lies in the range; `etag` is that of what was read so far. Throws `gone`. */
export async function get(
  endpoint: Endpoint,
  path: string,
  range: ByteRange,
  etag: string | null,
  presence: Presence,
  around: Around,
): Promise<Answer> {
  checkPath(path);
  const call = { ...around, method: "GET", path, what: "reading a file" };
  const part = range.start > 0 || range.end !== undefined;
  const headers = {
    "accept-encoding": "identity",
    ...(part ? { range: `bytes=${range.start}-${range.end ?? ""}` } : {}),
    ...(part && etag !== null ? { "if-range": etag } : {}),
  };
  const answer = await endpoint.send({ ...call, headers });
  if (answer.status === 200 || answer.status === 206) return answer;
  answer.discard();
  if (answer.status !== 404 && answer.status !== 410) throw endpoint.failure(call.what, answer);
  await presence.confirm(endpoint, around);
  throw gone(endpoint, path);
}

export function gone(endpoint: Endpoint, path: string): RemoteFailure {
  return new RemoteFailure("gone", `"${endpoint.base.host}" has no ${path}`, { status: 404 });
}
