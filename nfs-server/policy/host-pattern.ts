import { isIP } from "node:net";
import { UserError } from "../../service/user-error.ts";
import { hostAllowed } from "../../storage/rules/access.ts";
import { checkHost } from "../../storage/rules/option-values.ts";

/** Which hosts are meant: by name (`*` and `?` as in file names), by address, or by the network they are in. */
export type HostRule =
  | { readonly kind: "name"; readonly pattern: string }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "range"; readonly network: string; readonly bits: number };

/** `node1`, `web-*`, `10.0.0.5`, `fd00::5`, `10.0.0.0/24`, `fd00::/64`. Throws `invalid`. */
export function parseHostRule(text: string): HostRule {
  const [address = "", bits, ...more] = text.split("/");
  if (bits !== undefined) return range(text, address, more.length > 0 ? "" : bits);
  if (isIP(text) !== 0) return { kind: "address", address: plainAddress(text) };
  if (text.includes(":") || /^[\d.]+$/.test(text))
    throw new UserError(
      "invalid",
      `"${text}" is not a whole address. Write 10.0.0.5, fd00::5, or a network like 10.0.0.0/24`,
    );
  checkHost(text);
  return { kind: "name", pattern: text };
}

/** As one would write it. */
export function formatHostRule(rule: HostRule): string {
  if (rule.kind === "name") return rule.pattern;
  return rule.kind === "address" ? rule.address : `${rule.network}/${rule.bits}`;
}

/** Whether a rule that is about names means this one: whatever the case, with or without its domain. */
export function meansName(rule: HostRule, name: string): boolean {
  return rule.kind === "name" && hostAllowed([rule.pattern], name);
}

/** Whether it is one name, and so can be asked of the DNS. */
export function isPlainName(rule: HostRule): rule is Extract<HostRule, { kind: "name" }> {
  return rule.kind === "name" && !/[*?]/.test(rule.pattern);
}

/**
 * An address as everything here writes it: an IPv4 address that came over an IPv6 socket as IPv4, small letters, without
 * the interface's name.
 */
export function plainAddress(address: string): string {
  const bare = address.toLowerCase().replace(/%.*$/, "");
  const four = bare.replace(/^::ffff:(?=\d+\.)/, "");
  if (isIP(four) !== 6) return four;
  return new URL(`http://[${four}]`).hostname.slice(1, -1); // the one short way to write it
}

function range(text: string, address: string, bits: string): HostRule {
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (most === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most)
    throw new UserError(
      "invalid",
      `"${text}" is not a network. Write its address and how many bits are fixed: 10.0.0.0/24, fd00::/64`,
    );
  const network = plainAddress(address);
  // `::ffff:10.0.0.0/104` is 10.0.0.0/8; what is wider is no network of IPv4 addresses.
  const bitsLess = isIP(address) === 6 && isIP(network) === 4 ? 96 : 0;
  if (Number(bits) < bitsLess)
    throw new UserError(
      "invalid",
      `"${text}" mixes two kinds of addresses. Write IPv4 networks as 10.0.0.0/24`,
    );
  return { kind: "range", network, bits: Number(bits) - bitsLess };
}
