import { appendFileSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Log } from "../../service/log.ts";

/**
 * Gives an address a name that is found without a DNS: tlshd looks up the name of everybody who connects, and does nothing
 * with it that matters. `hosts` is /etc/hosts of the container, which is its own.
 */
export function nameAddress(address: string, log: Pick<Log, "warn">, hosts = "/etc/hosts"): void {
  try {
    const text = readFileSync(hosts, "utf8");
    const line = hostLine(text, address);
    // In place: it is a mount of its own.
    if (line !== null) appendFileSync(hosts, `${/(^|\n)$/.test(text) ? "" : "\n"}${line}\n`);
  } catch (error) {
    // Nobody is kept out by it.
    log.warn({ address, err: error }, `tlshd will ask the DNS who this is: no line in ${hosts}`);
  }
}

/** The line that an address lacks in /etc/hosts; null if it has one. */
export function hostLine(hosts: string, address: string): string | null {
  if (isIP(address) === 0) return null;
  const isThere = hosts.split("\n").some((line) => line.trim().split(/\s+/)[0] === address);
  return isThere ? null : `${address} ${address.replaceAll(/[.:]+/g, "-")}.swarmnfs.invalid`;
}
