import type { Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { CommandFailed, runBounded } from "../../storage/mounting/bounded-command.ts";
import { type AddressMemory, type Lookup, ServerName } from "../../storage/nfs/server-name.ts";
import {
  formatHostRule,
  type HostRule,
  isPlainName,
  plainAddress,
} from "../policy/host-pattern.ts";
import { firewallTable, noFirewallTable } from "./firewall-rules.ts";

/** The kernel's packet filter: one transaction of commands. */
export type PacketFilter = (commands: string) => Promise<void>;

/** nft(8) in this process's network name space; needs CAP_NET_ADMIN. By its whole path: other programs are called nft as well. */
export const systemFilter: PacketFilter = (commands) =>
  runBounded("/usr/sbin/nft", [commands], 5000);

export interface FirewallWorld {
  readonly filter: PacketFilter;
  readonly lookup: Lookup;
  readonly memory: AddressMemory | null;
  readonly clock: Clock;
}

/**
 * `SWARMNFS_FIREWALL=on`: lets nobody but the allowed hosts reach the server's ports. It is put up anew in every round,
 * so that it is back within a minute when somebody flushed the rules, and knows the addresses that names have now.
 */
export class Firewall {
  readonly #rules: readonly HostRule[];
  readonly #ports: readonly number[];
  readonly #world: FirewallWorld;
  readonly #names: readonly ServerName[];
  #trouble: string | null = null;

  /** `rules` are names, addresses and networks; the settings refuse patterns. */
  constructor(rules: readonly HostRule[], ports: readonly number[], world: FirewallWorld) {
    this.#rules = rules.filter(({ kind }) => kind !== "name");
    this.#ports = ports;
    this.#world = world;
    this.#names = rules
      .filter(isPlainName)
      .map(({ pattern }) => new ServerName(pattern, world.lookup, world.clock, world.memory));
  }

  /** Why it does not stand as it should, in words for people; null when it does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Puts it up for the server's present address. Called at start before anything listens, and every minute. Never rejects. */
  async round(address: string): Promise<void> {
    const { allowed, unknown } = await this.#allowed();
    try {
      await this.#world.filter(firewallTable({ address, ports: this.#ports, allowed }));
      this.#trouble =
        unknown.length === 0
          ? null
          : `${unknown.join(", ")} of SWARMNFS_ALLOWED_HOSTS cannot be resolved, and so cannot pass the firewall. Mend the DNS, or write addresses`;
    } catch (error) {
      this.#trouble = `the firewall cannot be put up (SWARMNFS_FIREWALL=on): ${reasonOf(error)}`;
    }
  }

  /** Takes it away, at a clean stop. Rejects with `CommandFailed`. */
  async remove(): Promise<void> {
    await this.#world.filter(noFirewallTable());
  }

  async #allowed(): Promise<{ allowed: readonly string[]; unknown: readonly string[] }> {
    const unknown: string[] = [];
    const named = await Promise.all(
      this.#names.map((name) =>
        name.addresses().catch(() => {
          unknown.push(name.host);
          return [];
        }),
      ),
    );
    const allowed = [...this.#rules.map(formatHostRule), ...named.flat().map(plainAddress)];
    return { allowed: [...new Set(allowed)], unknown };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof CommandFailed)) return messageOf(error);
  if (error.missing) return "there is no /usr/sbin/nft here. Use the image as it is, which has it";
  if (/not permitted/i.test(error.reason))
    return "this is not allowed to the container. Give it cap_add: [NET_ADMIN], or set SWARMNFS_FIREWALL=off";
  return error.reason;
}
