import { isIPv6 } from "node:net";
import { UserError } from "../../service/user-error.ts";

/** The port of the control API. */
export const controlPort = 2050;

/** A storage node of ours, as `swarmnfs://host[:port]` says it. */
export interface SwarmnfsPlace {
  /** As the administrator wrote it. */
  readonly url: string;
  /** A name, or an address without brackets. */
  readonly host: string;
  /** Of the control API; where NFS is served the server says itself. */
  readonly port: number;
}

/** Throws `invalid`, saying what was expected. */
export function parseSwarmnfsUrl(url: string): SwarmnfsPlace {
  const refuse = (what: string): UserError => new UserError("invalid", `storage "${url}": ${what}`);
  const rest = url.replace(/^swarmnfs:\/\//i, "").replace(/\/$/, "");
  if (/[\p{Cc}?#]/u.test(rest))
    throw refuse(
      `it takes the name of the storage node and nothing else, as in swarmnfs://storage1. Mount options go to a volume: -o mount-options=…`,
    );
  if (rest.includes("/"))
    throw refuse(
      `it takes no path: the storage node knows where its data lies (SWARMNFS_DATA there). Write swarmnfs://${rest.split("/")[0] || "storage1"}`,
    );
  if (rest.includes("@"))
    throw refuse(
      "it takes no user and password: a node joins once with SWARMNFS_JOIN_TOKEN. Leave out what stands before the @",
    );
  if (isIPv6(rest)) throw refuse(`an IPv6 address stands in brackets, as in swarmnfs://[${rest}]`);
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(rest);
  const [, bracketed, name, digits] = parts ?? [];
  const host = (bracketed ?? name ?? "").toLowerCase();
  if (host === "")
    throw refuse(
      "the storage node's name is missing: two slashes, then the name, as in swarmnfs://storage1",
    );
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw refuse(`"${bracketed}" is not an IPv6 address, and only these stand in brackets`);
  if (bracketed === undefined && !/^[a-z0-9]([a-z0-9._-]{0,252}[a-z0-9])?$/.test(host))
    throw refuse(`"${host}" is not the name or address of a machine`);
  if (digits !== undefined && !isPort(digits))
    throw refuse(
      `"${digits}" is not a port (1 to 65535). The control API listens on ${controlPort}`,
    );
  if (digits === "2049")
    throw refuse(
      `2049 is the port of NFS; the plugin speaks to the control API, on ${controlPort}. Leave the port out`,
    );
  return { url, host, port: digits === undefined ? controlPort : Number(digits) };
}

function isPort(digits: string): boolean {
  return /^\d{1,5}$/.test(digits) && Number(digits) >= 1 && Number(digits) <= 65_535;
}
