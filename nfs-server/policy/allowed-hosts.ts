import { BlockList, isIP } from "node:net";
import { UserError } from "../../service/user-error.ts";
import { formatHostRule, type HostRule, meansName, plainAddress } from "./host-pattern.ts";

/**
 * `SWARMNFS_ALLOWED_HOSTS`: bounds everything, whatever tokens, certificates, apps and volumes say. A host is allowed by
 * its name (which a certificate proves, or which the administrator wrote) or by its address; one of them is enough.
 */
export class AllowedHosts {
  readonly rules: readonly HostRule[];
  readonly #addresses: BlockList;

  constructor(rules: readonly HostRule[]) {
    this.rules = rules;
    this.#addresses = blockList(rules);
  }

  /** `name` null: who calls has not proved any. Constant time: nothing is looked up. */
  allows(name: string | null, address: string): boolean {
    return (
      this.rules.some((rule) => (name === null ? isEverybody(rule) : meansName(rule, name))) ||
      this.#includes(address)
    );
  }

  /** Throws `denied` that says what would allow it. */
  check(name: string | null, address: string): void {
    if (this.allows(name, address)) return;
    const who = name === null ? address : `"${name}" (${plainAddress(address)})`;
    throw new UserError(
      "denied",
      `${who} is none of the hosts that this storage node allows. To allow it, add ${name === null ? "its address" : "its name or address"} to SWARMNFS_ALLOWED_HOSTS there (now: ${this.rules.map(formatHostRule).join(", ")})`,
    );
  }

  #includes(address: string): boolean {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && this.#addresses.check(plain, familyOf(plain));
  }
}

function isEverybody(rule: HostRule): boolean {
  return rule.kind === "name" && rule.pattern === "*";
}

function blockList(rules: readonly HostRule[]): BlockList {
  const list = new BlockList();
  for (const rule of rules) {
    if (rule.kind === "address") list.addAddress(rule.address, familyOf(rule.address));
    if (rule.kind === "range") list.addSubnet(rule.network, rule.bits, familyOf(rule.network));
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
