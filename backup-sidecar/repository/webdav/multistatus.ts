import { parseXML, type DAVResult } from "webdav";
import { RemoteFailure } from "../failure.ts";
import type { RemoteEntry } from "../remote.ts";

/** What is asked of each entry. */
export const properties = `<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/><getetag/></prop></propfind>`;

/** The same, in another way. */
export const allProperties = `<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><allprop/></propfind>`;

/** What is asked of a folder to learn how much space is left. RFC 4331. */
export const quotaProperties = `<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><quota-available-bytes/><quota-used-bytes/></prop></propfind>`;

/** An answer to PROPFIND: the resource itself and, with Depth 1, what is in it. */
export interface Listing {
  readonly self: RemoteEntry;
  readonly entries: readonly RemoteEntry[];
}

/**
 * Reads an answer to PROPFIND for `url`. References may be absolute or not, encoded in any way, and below another prefix than
 * ours: proxies rewrite paths, but not what is in answers. Throws `server` for what cannot be understood.
 */
export async function readListing(xml: string, url: URL): Promise<Listing> {
  const found = (await parsed(xml, url)).multistatus.response.map((response) => ({
    path: pathOf(response.href, url),
    entry: entryOf(response, url),
  }));
  const asked = trimmed(decoded(url.pathname));
  const exact = found.find(({ path }) => path === asked);
  const shortest = found.toSorted((a, b) => a.path.length - b.path.length)[0];
  const self = exact ?? shortest;
  if (self === undefined) throw nonsense(url, "an empty answer");
  const prefix = `${self.path}/`;
  const others = found.filter((one) => one !== self && one.path !== self.path);
  if (others.some(({ path }) => !path.startsWith(prefix)))
    throw nonsense(url, "entries that are not in it");
  const children = others.filter(({ path }) => !path.slice(prefix.length).includes("/"));
  return { self: self.entry, entries: children.map(({ entry }) => entry) };
}

/** Bytes that may still be written by an answer to PROPFIND; null when it does not say. */
export async function readQuota(xml: string, url: URL): Promise<number | null> {
  const response = (await parsed(xml, url)).multistatus.response[0];
  const value: unknown = propOf(response)?.["quota-available-bytes"];
  const bytes =
    typeof value === "number" || (typeof value === "string" && value !== "") ? Number(value) : NaN;
  // Negative: not limited, or not known (Nextcloud: -3, -2, -1).
  return Number.isFinite(bytes) && bytes >= 0 ? bytes : null;
}

type Response = DAVResult["multistatus"]["response"][number];

async function parsed(xml: string, url: URL): Promise<DAVResult> {
  try {
    return await parseXML(xml);
  } catch (error) {
    throw nonsense(url, "no list of files", error);
  }
}

function propOf(response: Response | undefined): Readonly<Record<string, unknown>> | null {
  const propstat = response?.propstat;
  // The package reads only the first group of properties: it must be the one of those that exist.
  if (propstat === undefined || !/\s2\d\d(\s|$)/.test(` ${propstat.status} `)) return null;
  return propstat.prop;
}

function entryOf(response: Response, url: URL): RemoteEntry {
  const prop = propOf(response);
  if (prop === null) throw new NoProperties(url);
  const type = prop["resourcetype"];
  const folder = typeof type === "object" && type !== null && "collection" in type;
  const size = Number(prop["getcontentlength"] ?? NaN);
  if (!folder && (!Number.isSafeInteger(size) || size < 0))
    throw nonsense(url, "no sizes of files");
  const modified = Date.parse(text(prop["getlastmodified"]));
  return {
    name: pathOf(response.href, url).split("/").at(-1) ?? "",
    kind: folder ? "folder" : "file",
    size: folder ? 0 : size,
    modifiedAt: Number.isNaN(modified) ? null : modified,
    etag: text(prop["getetag"]) || null,
  };
}

function pathOf(href: unknown, url: URL): string {
  const to = URL.parse(text(href).trim(), url.href);
  if (to === null) throw nonsense(url, "references that are none");
  return trimmed(decoded(to.pathname));
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, "").replaceAll(/\/{2,}/g, "/");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The first group of an entry's properties are those that it has not: asking for all of them gives one group. */
export class NoProperties extends RemoteFailure {
  constructor(url: URL) {
    super("server", `"${url.host}" lists a folder without what was asked of it`);
  }
}

function nonsense(url: URL, what: string, cause?: unknown): RemoteFailure {
  return new RemoteFailure(
    "server",
    `"${url.host}" lists a folder with ${what}: is it a WebDAV server?`,
    {
      cause,
    },
  );
}
