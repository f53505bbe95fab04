import { isIPv4, isIPv6 } from "node:net";

/** The name of the table; nobody else's. */
const tableName = "swarmnfs_server";

/** Who may reach which ports of which address. */
export interface Admission {
  /** The server's own. */
  readonly address: string;
  readonly ports: readonly number[];
  /** Addresses and networks (`10.0.0.0/24`). Empty: nobody. */
  readonly allowed: readonly string[];
}

/**
 * Commands for nft(8) that replace the whole table in one transaction, so that there is no moment without it: the ports
 * of the server's address are for those who are allowed and for this machine itself. Whatever else the machine does is
 * not touched, and what other tables refuse stays refused.
 */
export function firewallTable({ address, ports, allowed }: Admission): string {
  const family = isIPv4(address) ? "ip" : "ip6";
  // Packets to an IPv4 address come from IPv4 addresses alone.
  const same = allowed.filter((each) => isOfFamily(each, family)).toSorted();
  const to = `${family} daddr ${address}`;
  const port = setOf(ports.toSorted((a, b) => a - b));
  return [
    // A table is made before it is destroyed, since destroying one that is not there fails on older kernels.
    `table inet ${tableName}`,
    `delete table inet ${tableName}`,
    `table inet ${tableName} {`,
    "  set allowed {",
    `    type ${family === "ip" ? "ipv4_addr" : "ipv6_addr"}; flags interval; auto-merge;`,
    ...(same.length === 0 ? [] : [`    elements = ${setOf(same)};`]),
    "  }",
    "  chain storage {",
    "    type filter hook input priority filter - 10; policy accept;",
    '    iifname "lo" accept',
    `    ${to} tcp dport ${port} ${family} saddr != @allowed reject with tcp reset`,
    `    ${to} udp dport ${port} reject with icmpx port-unreachable`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Commands that take the table away, and succeed where there is none. */
export function noFirewallTable(): string {
  return `table inet ${tableName}\ndelete table inet ${tableName}\n`;
}

function isOfFamily(place: string, family: "ip" | "ip6"): boolean {
  const [address = ""] = place.split("/");
  return family === "ip" ? isIPv4(address) : isIPv6(address);
}

function setOf(items: readonly (string | number)[]): string {
  return `{ ${items.join(", ")} }`;
}
