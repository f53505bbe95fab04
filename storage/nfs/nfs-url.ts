import { isIPv6 } from "node:net";
import { posix } from "node:path";
import { UserError } from "../../service/user-error.ts";
import { checkStorageOption } from "../rules/mount-options.ts";

/** The port of NFS (RFC 7530, section 3.1). */
export const usualPort = 2049;

/** A server's export, or a directory in it, as `nfs://host[:port]/path?option&key=value` says it. */
export interface NfsPlace {
  /** As the administrator wrote it. */
  readonly url: string;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Absolute, without a slash at its end (but "/": the whole of what a server exports). */
  readonly path: string;
  /** Words for `-o`, from the list of allowed ones, in the URL's order. */
  readonly options: readonly string[];
}

/** Throws `invalid`, saying what was expected. */
export function parseNfsUrl(url: string): NfsPlace {
  const refuse = (what: string): UserError => new UserError("invalid", `storage "${url}": ${what}`);
  const rest = url.replace(/^nfs:\/\//i, "");
  if (/[\p{Cc}#]/u.test(url)) throw refuse(`"#" and control characters have no place in it`);
  const query = rest.indexOf("?");
  const where = query === -1 ? rest : rest.slice(0, query);
  const [, authority = "", written = ""] = /^([^/]*)(.*)$/s.exec(where) ?? [];
  const { host, port } = hostOf(authority, refuse);
  if (written === "")
    throw refuse(`the exported directory is missing, as in nfs://${authority}/volume1/swarm`);
  const options = query === -1 ? [] : rest.slice(query + 1).split("&");
  return {
    url,
    host,
    port,
    path: pathOf(written, refuse),
    options: optionsOf(options.filter(Boolean), refuse),
  };
}

function hostOf(
  authority: string,
  refuse: (what: string) => UserError,
): { host: string; port: number } {
  if (authority.includes("@"))
    throw refuse("NFS knows no user and password here. Leave out what stands before the @");
  if (isIPv6(authority))
    throw refuse(`an IPv6 address stands in brackets, as in nfs://[${authority}]/volume1/swarm`);
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(authority);
  if (parts === null) throw refuse(`"${authority}" is not the name or address of a server`);
  const [, bracketed, name, digits] = parts;
  const host = (bracketed ?? name ?? "").toLowerCase();
  if (host === "")
    throw refuse(
      "the server's name is missing: two slashes, then the name, as in nfs://nas.lan/volume1/swarm",
    );
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw refuse(`"${bracketed}" is not an IPv6 address, and only these stand in brackets`);
  if (bracketed === undefined && !/^[a-z0-9]([a-z0-9._-]{0,252}[a-z0-9])?$/.test(host))
    throw refuse(`"${host}" is not the name or address of a server`);
  if (digits !== undefined && !(/^\d{1,5}$/.test(digits) && inRange(Number(digits))))
    throw refuse(`"${digits}" is not a port (1 to 65535). NFS listens on ${usualPort}`);
  return { host, port: digits === undefined ? usualPort : Number(digits) };
}

function inRange(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

function pathOf(written: string, refuse: (what: string) => UserError): string {
  let path: string;
  try {
    path = decodeURIComponent(written);
  } catch {
    throw refuse(
      `"%" stands for a coded character, as %20 for a space. Write %25 for the sign itself`,
    );
  }
  if (/\p{Cc}/u.test(path)) throw refuse("control characters have no place in it");
  if (path.split("/").includes(".."))
    throw refuse(`".." has no place in its path. Write where it leads`);
  return posix.normalize(path).replace(/(?<=.)\/$/, "");
}

function optionsOf(
  words: readonly string[],
  refuse: (what: string) => UserError,
): readonly string[] {
  const seen = new Set<string>();
  for (const option of words) {
    try {
      checkStorageOption(option);
    } catch (error) {
      throw error instanceof UserError ? refuse(error.message) : error;
    }
    const [word = ""] = option.split("=");
    if (seen.has(word)) throw refuse(`"${word}" is given twice`);
    seen.add(word);
  }
  if (seen.has("hard") && seen.has("soft"))
    throw refuse(
      `"hard" and "soft" contradict each other. Leave both out for hard, which loses nothing`,
    );
  return words;
}
