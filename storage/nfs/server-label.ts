import { isIP, isIPv6 } from "node:net";

/** What messages call a server: `nas.lan (10.77.0.10)`, or the address alone where that is how it was named. */
export function serverLabel(host: string, address: string | null): string {
  return address === null || isIP(host) !== 0 ? host : `${host} (${address})`;
}

/** `10.77.0.10:/volume1/swarm` or `[fd00::1]:/volume1/swarm`: what mount(8) takes and the mount table shows. */
export function nfsSource(address: string, path: string): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${path}`;
}
