import type { Role } from "../../storage/swarmnfs/protocol/node.ts";

/**
 * Who calls, as its certificate proves, and from where. The rules about hosts see the `name`, the kernel's tables the
 * `id` and the `address`: one live address a node, one node an address (contracts §6).
 */
export interface LiveNode {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The caller's address, IPv4 or IPv6 without brackets or zone; empty for the admin of the unix socket. */
  readonly address: string;
}

/** Whoever reached the unix socket in the server's container: an admin, no node. Has no leases and no address. */
export const localAdmin: LiveNode = {
  id: "00000000-0000-4000-8000-000000000000",
  name: "admin",
  role: "admin",
  address: "",
};

/** Somebody of whom nothing is known but where they call from: may ask what anyone may. */
export function stranger(address: string): LiveNode {
  return { id: "00000000-0000-4000-8000-000000000001", name: "stranger", role: "node", address };
}
