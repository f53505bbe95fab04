import { serverLabel } from "../nfs/server-label.ts";
import type { Knock } from "../nfs/server-port.ts";
import { followServer, type TransportEffects } from "../nfs/transports.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { NfsServer } from "./mount-trouble.ts";

/**
 * Takes what is mounted along when a storage node gets another address. Without that it would wait for the old one for ever,
 * and new mounts with it.
 */
export class ServerMove {
  readonly #transports: TransportEffects;
  readonly #knock: Knock;
  /** Gives new mounts another name of this node's, where old ones cannot follow. */
  readonly #part: () => Promise<void>;
  /** Where the server was, and connections may still lead. */
  readonly #former = new Set<string>();
  readonly #parted = new Set<string>();
  #following: Promise<void> | null = null;

  constructor(transports: TransportEffects, knock: Knock, part: () => Promise<void>) {
    this.#transports = transports;
    this.#knock = knock;
    this.#part = part;
  }

  /** Former addresses to which there are still connections. */
  get left(): readonly string[] {
    return [...this.#former];
  }

  /** The server is not there any more. */
  leave(address: string): void {
    this.#former.add(address);
    this.#parted.delete(address);
  }

  /** Settles when nothing keeps a mount from the server where it is now; throws `unavailable` while the kernel is busy. */
  async follow(server: NfsServer): Promise<void> {
    this.#former.delete(server.address);
    if (this.#former.size === 0) return;
    this.#following ??= this.#followTo(server).finally(() => (this.#following = null));
    await this.#following;
  }

  async #followTo({ host, address, port }: NfsServer): Promise<void> {
    const former = [...this.#former];
    const left = await followServer(this.#transports, this.#knock, former, address, port);
    for (const old of former)
      if (!left.some((each) => each.address === old)) this.#former.delete(old);
    const busy = left.find(({ state }) => state === "busy");
    if (busy !== undefined)
      throw new StorageUnavailable(
        `${serverLabel(host, address)} was at ${busy.address} before, and what is mounted from there is being taken along. Try again in a moment`,
      );
    const fixed = left.filter((each) => each.state === "fixed" && !this.#parted.has(each.address));
    if (fixed.length === 0) return;
    await this.#part();
    for (const each of fixed) this.#parted.add(each.address);
  }
}
