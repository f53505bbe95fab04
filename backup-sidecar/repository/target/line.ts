import type { Endpoint } from "../http/endpoint.ts";
import type { Pacing } from "../webdav/endurance.ts";
import { RemoteFailure } from "../failure.ts";

/** Failures after which another address of the same server may do better. */
const elsewhere = new Set(["network", "tls", "wrong-target", "busy", "server"]);

export interface LineSettings {
  /** The addresses of the server, in the order in which they are wanted. Asked before each request: they may change. */
  addresses(): Promise<readonly URL[]>;
  /** Finds our folder at an address and makes sure that it is ours. Done before its first use, and again after a failure. */
  open(address: URL): Promise<Endpoint>;
  readonly pacing: Pacing;
  /** After so many milliseconds with another, the first is tried again. */
  readonly preferAgainMs: number;
}

/** The addresses of one server. Stays with one until it fails, then tries the next; goes back to the first now and then. */
export class Line {
  readonly #settings: LineSettings;
  readonly #open = new Map<string, Promise<Endpoint>>();
  #address: string | null = null;
  #since = 0;
  #last: Endpoint | null = null;

  constructor(settings: LineSettings) {
    this.#settings = settings;
  }

  /** The one that was used last; null before any was. */
  get last(): Endpoint | null {
    return this.#last;
  }

  /**
   * Does `attempt` with the current address, and with each of the others when that fails in a way that may be its own. Throws
   * the first failure when all fail.
   */
  async use<T>(attempt: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    const addresses = await this.#settings.addresses();
    let failure: unknown = null;
    for (let tried = 0; tried < Math.max(1, addresses.length); tried += 1) {
      const address = this.#choose(addresses);
      try {
        this.#last = await this.#opened(address);
        return await attempt(this.#last);
      } catch (error) {
        failure ??= error;
        if (!(error instanceof RemoteFailure) || !elsewhere.has(error.kind)) throw error;
        this.#open.delete(address.href);
        // Another request may have gone on already.
        if (this.#address === address.href) this.#goAfter(address, addresses);
      }
    }
    throw failure;
  }

  #choose(addresses: readonly URL[]): URL {
    const [first] = addresses;
    if (first === undefined) throw new Error("a server without addresses");
    const current = addresses.find(({ href }) => href === this.#address);
    const late = this.#settings.pacing.now() - this.#since > this.#settings.preferAgainMs;
    if (current !== undefined && !late) return current;
    this.#go(first);
    return first;
  }

  #goAfter(address: URL, addresses: readonly URL[]): void {
    const next = addresses[(addresses.indexOf(address) + 1) % addresses.length];
    if (next !== undefined) this.#go(next);
  }

  #go(address: URL): void {
    this.#address = address.href;
    this.#since = this.#settings.pacing.now();
  }

  #opened(address: URL): Promise<Endpoint> {
    const known = this.#open.get(address.href);
    if (known !== undefined) return known;
    const opening = this.#settings.open(address);
    this.#open.set(address.href, opening);
    opening.catch(() => this.#open.delete(address.href));
    return opening;
  }
}
