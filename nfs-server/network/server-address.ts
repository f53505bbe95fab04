import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { repeat } from "../../service/repeat.ts";
import { plainAddress } from "../policy/host-pattern.ts";

/** What this machine's network looks like now: interfaces that are up, with their addresses. */
export type Interfaces = () => NodeJS.Dict<readonly { readonly address: string }[]>;

/** One of the two, as in the settings. */
export interface Place {
  readonly interface: string | null;
  readonly address: string | null;
}

/**
 * The address that is served: that of an interface, which may come later than we (a VPN after boot), go, and come back
 * with another address, or a fixed one that this machine may not have yet.
 *
 * It is looked for again and again (getifaddrs(3) by Node.js, some microseconds) instead of listening to netlink by
 * `ip monitor`: a child that may die or fall behind needs a look now and then all the same.
 */
export class ServerAddress {
  readonly #place: Place;
  readonly #interfaces: Interfaces;
  #last: string | null = null;

  constructor(place: Place, interfaces: Interfaces = networkInterfaces) {
    this.#place = place;
    this.#interfaces = interfaces;
  }

  /** The address that was found last, whether or not it is still there; null: never any. */
  get last(): string | null {
    return this.#last;
  }

  /** The address as it is there now, or null. As long as the one before is there it stays. */
  look(): string | null {
    const there = this.#there();
    const found = there.find((address) => address === this.#last) ?? there[0] ?? null;
    this.#last = found ?? this.#last;
    return found;
  }

  /** Why there is none and what to do, in words for people. */
  whatIsMissing(): string {
    const all = Object.entries(this.#interfaces()).map(
      ([name, addresses = []]) =>
        `${name} (${addresses.map(({ address }) => plainAddress(address)).join(", ")})`,
    );
    const have = `This machine has ${all.join("; ") || "no network at all"}`;
    const { interface: name, address } = this.#place;
    if (address !== null)
      return `address ${address} (SWARMNFS_ADDRESS) is not an address of this machine, and nothing is served until it is. ${have}. Does the container have the host's network (network_mode: host)?`;
    const isThere = Object.hasOwn(this.#interfaces(), name ?? "");
    const what = isThere ? "has no address that can be served" : "is not there, or is down";
    return `interface ${name} (SWARMNFS_INTERFACE) ${what}, and nothing is served until it is. ${have}. If one of these is meant, name it in SWARMNFS_INTERFACE; if it is still to come, nothing has to be done`;
  }

  /** Waits until there is one, for ever if need be; rejects when the signal aborts. `onWaiting` is told once, with the reason. */
  async appears(
    signal: AbortSignal,
    onWaiting: (reason: string) => void,
    everyMs = 1000,
  ): Promise<string> {
    const found = this.look();
    if (found !== null) return found;
    onWaiting(this.whatIsMissing());
    for (;;) {
      // It keeps the process alive: while there is no address nothing else does.
      await delay(everyMs, undefined, { signal });
      const address = this.look();
      if (address !== null) return address;
    }
  }

  /**
   * Calls `moved` whenever another address than the last one is there; that it is gone for a while is no reason: when it
   * is back, kernel and clients go on by themselves. Settles when the signal aborts.
   */
  async follow(
    moved: (address: string, before: string | null) => Promise<void>,
    signal: AbortSignal,
    onFailure: (error: unknown) => void,
    everyMs = 2000,
  ): Promise<void> {
    let served = this.#last;
    const task = async (): Promise<void> => {
      const found = this.look();
      if (found === null || found === served) return;
      await moved(found, served);
      served = found;
    };
    await repeat(everyMs, task, signal, onFailure);
  }

  /** Addresses that would do, the best one first: IPv4 before IPv6, in the order of the kernel. */
  #there(): readonly string[] {
    const { interface: name, address } = this.#place;
    const all = this.#interfaces();
    if (address !== null)
      return Object.values(all)
        .flatMap((each) => each ?? [])
        .map((each) => plainAddress(each.address))
        .filter((each) => each === address);
    const usable = (Object.hasOwn(all, name ?? "") ? (all[name ?? ""] ?? []) : [])
      .map((each) => plainAddress(each.address))
      .filter((each) => !isLinkLocal(each));
    return [...usable.filter((each) => isIPv4(each)), ...usable.filter((each) => !isIPv4(each))];
  }
}

/** Means something on one cable alone, and needs the interface's name beside it. */
function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/.test(address);
}
