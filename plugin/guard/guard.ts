import type { Log } from "../../service/log.ts";
import { CommandFailed } from "../../storage/mounting/bounded-command.ts";
import { messageOf } from "../../service/message-of.ts";
import type { StorageServer } from "../../storage/storage-server.ts";
import type { MountRow } from "../mount-table.ts";
import type { PacketFilter } from "./packet-filter.ts";
import { addressOf } from "./source-address.ts";

/** The port of NFS: guarded whatever port the storage is mounted by. */
const nfsPort = 2049;
/** How often the table is looked at, in milliseconds. */
const lookEveryMs = 60_000;

export interface GuardParts {
  readonly filter: PacketFilter;
  /** False: switched off by SWARMNFS_GUARD=off. */
  readonly enabled: boolean;
  /** The storage's server as it is known now; undefined where the storage is on none. */
  readonly server: () => StorageServer | undefined;
  /** The volumes in use on this node. */
  readonly rows: () => readonly MountRow[];
  /** The server may let this node in while nothing is mounted: the guard stands as long as the plugin runs. */
  readonly always: boolean;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic?: () => number;
}

/** How it stands with the guard. */
export type GuardState =
  | { readonly state: "off" | "resting" | "standing" }
  | { readonly state: "missing" | "changed" }
  | { readonly state: "failed"; readonly reason: string };

/**
 * Keeps containers of this node from speaking NFS to the storage's server: their packets would leave with the node's own
 * address, and so pass as the node. A table of its own in the kernel's packet filter, there before the first mount, put
 * right when somebody flushes the rules, and gone when nothing is mounted. What cannot be had is told, and never keeps a
 * volume from being mounted: an app that does not run is worse than a fence that is missing and says so.
 */
export class Guard {
  readonly #parts: GuardParts;
  readonly #monotonic: () => number;
  /** Addresses that mounts were about to be made from, as long as the guard is needed. */
  readonly #given = new Set<string>();
  /** What was installed last, and how the kernel showed it then. */
  #installed: { readonly key: string; readonly shape: string } | null = null;
  /** Nothing of ours is there: not even what an earlier run may have left. */
  #cleared = false;
  #failure: string | null = null;
  #restored = 0;
  #lookedAt = -Infinity;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#monotonic = parts.monotonic ?? (() => performance.now());
  }

  /** What somebody should know, in words for people; null when all is well or there is nothing to guard. */
  get warning(): string | null {
    const { enabled, server } = this.#parts;
    const host = server()?.host;
    if (host === undefined) return null;
    if (!enabled)
      return `the guard is switched off: containers of this node can speak NFS to ${host} by themselves, past all rules. To switch it on: docker plugin set swarmnfs SWARMNFS_GUARD=on`;
    if (this.#failure === null) return null;
    return `the guard cannot be set up: ${this.#failure}. Containers of this node can speak NFS to ${host} by themselves, past all rules`;
  }

  /** How it stands, by the last look, within a minute; nothing is asked. */
  get condition(): "off" | "resting" | "standing" | "failed" {
    if (!this.#parts.enabled) return "off";
    if (this.#failure !== null) return "failed";
    return this.#installed === null ? "resting" : "standing";
  }

  /** How often it was found gone or changed, and put back. */
  get restored(): number {
    return this.#restored;
  }

  /** To be called before a mount from `address`: when it settles the guard stands, if it can. Never rejects. */
  ensure(address: string): Promise<void> {
    this.#given.add(address);
    return this.#alone(() => this.#keep(false, true));
  }

  /**
   * Sees to it that the guard is as it should be: at once where something is known to have changed, and once a minute
   * by looking; `thoroughly`: by looking now. Never rejects.
   */
  round(thoroughly = false): Promise<void> {
    return this.#alone(() => this.#keep(thoroughly, this.#isNeeded));
  }

  /** How it stands, by looking; changes nothing. */
  state(): Promise<GuardState> {
    return this.#alone(() => this.#state());
  }

  /** The plugin ends: takes it away, unless containers use volumes, which they keep when it ends. Never rejects. */
  stop(): Promise<void> {
    const rows = this.#parts.rows();
    const inUse = rows.some(({ holders, consumers }) => holders.length + consumers.length > 0);
    return this.#alone(async () => {
      if (!inUse) await this.#clear();
    });
  }

  /** What is or would be guarded. */
  get addresses(): readonly string[] {
    const server = this.#parts.server();
    const known = [server?.address, ...(server?.addresses ?? []), ...(server?.left ?? [])];
    const given = this.#parts.rows().flatMap(({ holders }) => holders.map(sourceAddress));
    const all = [...known, ...given, ...this.#given];
    return [...new Set(all.filter((each) => typeof each === "string"))].toSorted();
  }

  get ports(): readonly number[] {
    return [...new Set([nfsPort, this.#parts.server()?.port ?? nfsPort])];
  }

  get #isNeeded(): boolean {
    return this.#parts.always || this.#parts.rows().length > 0;
  }

  async #keep(thoroughly: boolean, needed: boolean): Promise<void> {
    if (!this.#parts.enabled || !needed) {
      this.#given.clear();
      if (!this.#cleared) await this.#clear();
      return;
    }
    const { addresses, ports } = this;
    // A table of an earlier run is better than none while nobody knows yet where the server is.
    if (addresses.length === 0) return;
    const key = JSON.stringify([addresses, ports]);
    const isDue = thoroughly || this.#monotonic() - this.#lookedAt >= lookEveryMs;
    if (this.#installed?.key === key && !isDue) return;
    if (this.#failure !== null && !isDue && this.#installed === null) return;
    await this.#attempt(async () => {
      this.#lookedAt = this.#monotonic();
      await this.#putRight(key, addresses, ports);
    });
  }

  async #putRight(
    key: string,
    addresses: readonly string[],
    ports: readonly number[],
  ): Promise<void> {
    const { filter, log } = this.#parts;
    const before = this.#installed;
    if (before?.key === key && (await filter.look()) === before.shape) return;
    this.#cleared = false;
    this.#installed = null;
    const shape = await filter.install(addresses, ports);
    this.#installed = { key, shape };
    const facts = { addresses, ports };
    if (before?.key === key) {
      this.#restored += 1;
      log.warn({ audit: "guard", ...facts }, "the guard was taken away or changed; it is back");
    } else log.info({ audit: "guard", ...facts }, "containers cannot speak NFS to the server");
  }

  async #clear(): Promise<void> {
    this.#cleared = true;
    this.#failure = null;
    // On a storage without a server there never was one.
    if (this.#parts.server() === undefined && this.#installed === null) return;
    const { filter, log } = this.#parts;
    try {
      await filter.remove();
      if (this.#installed !== null)
        log.info({ audit: "guard" }, "the guard is taken away: nothing is mounted");
    } catch (error) {
      log.debug({ err: error }, "the guard could not be taken away");
    }
    this.#installed = null;
  }

  async #state(): Promise<GuardState> {
    if (!this.#parts.enabled) return { state: "off" };
    if (this.#failure !== null) return { state: "failed", reason: this.#failure };
    if (this.#installed === null) return { state: "resting" };
    try {
      const shape = await this.#parts.filter.look();
      if (shape === null) return { state: "missing" };
      return { state: shape === this.#installed.shape ? "standing" : "changed" };
    } catch (error) {
      return { state: "failed", reason: reasonOf(error) };
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failure = null;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#failure)
        this.#parts.log.warn({ err: error, reason }, "the guard cannot be set up");
      this.#failure = reason;
    }
  }

  /** One at a time: a look between two steps of a change would see neither. */
  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function sourceAddress({ source = "" }: MountRow["holders"][number]): string | null {
  return addressOf(source);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof CommandFailed)) return messageOf(error);
  if (error.missing) return "the program nft is missing here";
  if (/not permitted/i.test(error.reason))
    return "the kernel does not let the plugin change packet filter rules (it needs CAP_NET_ADMIN)";
  return error.reason.split("\n")[0] ?? error.reason;
}
