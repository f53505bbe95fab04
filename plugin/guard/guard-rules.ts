import { isIPv4 } from "node:net";
import * as z from "zod";

/** The name of the table; nobody else's. */
export const tableName = "swarmnfs";

/**
 * Commands for nft(8) that replace the whole table in one transaction: packets that are forwarded, as those of
 * containers are, do not reach `ports` of `addresses`. What the node sends itself is not forwarded. (`fwd` is a keyword
 * of nft, so no chain may be called that.)
 */
export function guardTable(addresses: readonly string[], ports: readonly number[]): string {
  const [four, six] = [addresses.filter(isIPv4), addresses.filter((each) => !isIPv4(each))];
  const port = setOf(ports.toSorted((a, b) => a - b));
  const rules = [
    ...(four.length === 0 ? [] : refusals(`ip daddr ${setOf(four.toSorted())}`, port)),
    ...(six.length === 0 ? [] : refusals(`ip6 daddr ${setOf(six.toSorted())}`, port)),
  ];
  // A table is made before it is destroyed, since destroying one that is not there fails on older kernels.
  return [
    `table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    "  chain containers {",
    "    type filter hook forward priority filter - 10; policy accept;",
    ...rules.map((rule) => `    ${rule}`),
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Commands that take the table away, and succeed where there is none. */
export function noGuardTable(): string {
  return `table inet ${tableName}\ndelete table inet ${tableName}\n`;
}

// Whoever waits for an answer by TCP gets "connection refused" at once, and by UDP the same by ICMP.
function refusals(to: string, ports: string): string[] {
  return [
    `${to} tcp dport ${ports} reject with tcp reset`,
    `${to} udp dport ${ports} reject with icmpx port-unreachable`,
  ];
}

function setOf(items: readonly (string | number)[]): string {
  return `{ ${items.join(", ")} }`;
}

const listingSchema = z.looseObject({ nftables: z.array(z.record(z.string(), z.unknown())) });

/**
 * What `nft --json list table` shows, without what differs although nothing was changed: handles and the program's own
 * version. Two shapes are equal if the tables are.
 */
export function shapeOf(listing: string): string {
  const { nftables } = listingSchema.parse(JSON.parse(listing));
  const things = nftables.filter((thing) => !("metainfo" in thing));
  return JSON.stringify(things, (key, value: unknown) => (key === "handle" ? undefined : value));
}
