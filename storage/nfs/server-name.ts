import dns from "node:dns/promises";
import { isIP } from "node:net";
import { formatMoment } from "../../service/age.ts";
import { bounded } from "../../service/bounded.ts";
import type { Clock } from "../../service/clock.ts";
import { StorageUnavailable } from "../unavailable.ts";

/** All addresses of a name, the preferred one first; rejects with an error that carries a `code`, as dns.lookup does. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** The operating system's own way: /etc/hosts, then DNS. It may take as long as its resolver's time-outs. */
export const systemLookup: Lookup = async (host) =>
  (await dns.lookup(host, { all: true })).map(({ address }) => address);

/** Where addresses outlive this process: a node whose DNS starts after its storage needs them. */
export interface AddressMemory {
  /** Empty if nothing is known; never rejects. */
  recall(host: string): Promise<readonly string[]>;
  /** Where it was before those. Never rejects. */
  former(host: string): Promise<readonly string[]>;
  /** Never rejects: a full disk must not keep a storage from being used. */
  remember(host: string, addresses: readonly string[]): Promise<void>;
}

/** While the DNS does not answer, how long it is waited for each time where an address is known, milliseconds. */
const whileDeadMs = 300;

/**
 * The addresses of a server. A look-up occupies a thread until the resolver gives up, so there is never more than one
 * under way; and while none succeeds, the addresses found last are used on.
 */
export class ServerName {
  readonly host: string;
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  readonly #memory: AddressMemory | null;
  readonly #boundMs: number;
  #pending: Promise<readonly string[]> | null = null;
  #last: readonly string[] | null = null;
  #failingSince: number | null = null;

  constructor(
    host: string,
    lookup: Lookup,
    clock: Clock,
    memory: AddressMemory | null = null,
    boundMs = 3000,
  ) {
    this.host = host;
    this.#lookup = lookup;
    this.#clock = clock;
    this.#memory = memory;
    this.#boundMs = boundMs;
  }

  /** What should be known although all is well: that an address is used which cannot be looked up any more. */
  get note(): string | null {
    if (this.#failingSince === null || this.#last === null) return null;
    return `the name ${this.host} cannot be resolved since ${formatMoment(this.#failingSince, this.#clock.now())}; its last known address ${this.#last.join(", ")} is used. Look at the DNS of this node, or put the name into /etc/hosts`;
  }

  /** Every address that it is remembered to have had, the last ones among them. Never rejects. */
  async remembered(): Promise<readonly string[]> {
    const { host } = this;
    const known = await Promise.all([this.#memory?.recall(host), this.#memory?.former(host)]);
    return known.flatMap((addresses) => addresses ?? []);
  }

  /** Rejects with `unavailable` if there is no answer within the bound, and never was one. */
  async addresses(): Promise<readonly string[]> {
    if (isIP(this.host) !== 0) return [this.host];
    const begun = this.#clock.now();
    try {
      return await this.#bounded();
    } catch (error) {
      this.#failingSince ??= begun;
      this.#last ??= await this.#lastKnown();
      if (this.#last !== null) return this.#last;
      throw this.#unknown(error);
    }
  }

  async #lastKnown(): Promise<readonly string[] | null> {
    const addresses = (await this.#memory?.recall(this.host)) ?? [];
    return addresses.length > 0 ? addresses : null;
  }

  #bounded(): Promise<readonly string[]> {
    this.#pending ??= this.#find().finally(() => (this.#pending = null));
    const isDead = this.#failingSince !== null && this.#last !== null;
    const ms = isDead ? Math.min(whileDeadMs, this.#boundMs) : this.#boundMs;
    return bounded(this.#pending, ms, () => new Error("silent"));
  }

  /** What comes too late for whoever asked is there for the next one. */
  async #find(): Promise<readonly string[]> {
    const found = await this.#lookup(this.host);
    if (found.length === 0) throw Object.assign(new Error("no address"), { code: "ENOTFOUND" });
    if (found.join() !== this.#last?.join()) void this.#memory?.remember(this.host, found);
    this.#last = found;
    this.#failingSince = null;
    return found;
  }

  #unknown(cause: unknown): StorageUnavailable {
    const code = cause instanceof Error && "code" in cause ? cause.code : null;
    const what =
      code === "ENOTFOUND"
        ? `nobody knows a machine called ${this.host}. Check the storage's URL, or put the name into /etc/hosts of this node`
        : `the name ${this.host} cannot be resolved: the DNS does not answer. Mend it, put the name into /etc/hosts of this node, or write the server's address into the storage's URL`;
    return new StorageUnavailable(what, { cause });
  }
}
