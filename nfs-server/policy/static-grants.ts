import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { type AddressMemory, type Lookup, ServerName } from "../../storage/nfs/server-name.ts";
import type { Export, Exports } from "../exports/exports.ts";
import { shownBy } from "../leases/export-of.ts";
import type { AllowedHosts } from "./allowed-hosts.ts";
import { formatHostRule, plainAddress } from "./host-pattern.ts";
import type { StaticGrant } from "./policy-file.ts";

/** A host without a plugin that may mount a volume now. */
export interface StaticClient {
  readonly volume: string;
  readonly app: string;
  /** As the policy names it. */
  readonly host: string;
  readonly address: string;
  readonly mode: "ro" | "rw";
  /** RFC 3339. */
  readonly since: string;
}

export interface StaticWorld {
  readonly exports: Exports;
  readonly allowed: AllowedHosts;
  readonly lookup: Lookup;
  /** Where addresses of names outlive this process, for a DNS that starts later. */
  readonly memory: AddressMemory | null;
  /** A volume's record as it is now. */
  readonly volume: (name: string) => Promise<VolumeRecord | null>;
  /** The name of the enrolled node that lives at an address; null: none. */
  readonly nodeAt: (address: string) => string | null;
  readonly clock: Clock;
  readonly log: Log;
}

interface Wanted {
  readonly client: StaticClient;
  readonly record: VolumeRecord;
  readonly shown: Export;
}

/**
 * The policy's volumes for hosts without a plugin. Names are looked up in `round`, which the server calls every minute:
 * never while the kernel waits. While the DNS is dead the last known addresses hold.
 */
export class StaticGrants {
  readonly #grants: readonly StaticGrant[];
  readonly #world: StaticWorld;
  readonly #names = new Map<string, ServerName>();
  /** What the kernel was told, by address and volume. */
  #told = new Map<string, Map<string, Wanted>>();
  #notes: readonly string[] = [];

  constructor(grants: readonly StaticGrant[], world: StaticWorld) {
    this.#grants = grants;
    this.#world = world;
    for (const rule of grants.flatMap(({ hosts }) => hosts)) {
      const host = formatHostRule(rule);
      this.#names.set(host, new ServerName(host, world.lookup, world.clock, world.memory));
    }
  }

  /** Who has what now, for the list of leases. */
  list(): readonly StaticClient[] {
    return [...this.#told.values()].flatMap((volumes) =>
      [...volumes.values()].map(({ client }) => client),
    );
  }

  /** Whom the policy gives a volume, whether or not they have it at this moment. */
  hostsOf(volume: string): readonly string[] {
    return this.#grants
      .filter((grant) => grant.volume === volume)
      .flatMap(({ hosts }) => hosts.map(formatHostRule));
  }

  /** Why somebody does not have what the policy says, in words for people. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Brings the kernel into step with the policy, the DNS and the volumes. Takes a few seconds at most; never rejects. */
  async round(): Promise<void> {
    const notes = new Set<string>();
    const wanted = await this.#wanted(notes);
    for (const [address, volumes] of this.#told)
      await this.#withdraw(address, volumes, wanted.get(address), notes);
    for (const [address, volumes] of wanted) await this.#give(address, volumes, notes);
    this.#notes = [...notes];
  }

  async #wanted(notes: Set<string>): Promise<Map<string, Map<string, Wanted>>> {
    const addresses = await this.#resolve(notes);
    const wanted = new Map<string, Map<string, Wanted>>();
    for (const grant of this.#grants) {
      const record = await this.#record(grant, notes);
      if (record === null) continue;
      for (const host of grant.hosts.map(formatHostRule))
        for (const address of addresses.get(host) ?? []) {
          if (!this.#mayHave(host, address, notes)) continue;
          const volumes = wanted.get(address) ?? new Map<string, Wanted>();
          const readOnly =
            grant.mode === "ro" ||
            record.access === "readonly" ||
            // Under two names with two modes the narrower one holds.
            volumes.get(grant.volume)?.shown.readOnly === true;
          wanted.set(
            address,
            volumes.set(grant.volume, this.#one(record, host, address, readOnly)),
          );
        }
    }
    return wanted;
  }

  #one(record: VolumeRecord, host: string, address: string, readOnly: boolean): Wanted {
    const { app, fsid, squash } = shownBy(record);
    const since =
      this.#told.get(address)?.get(record.name)?.client.since ?? rfc3339(this.#world.clock.now());
    const mode = readOnly ? "ro" : "rw";
    return {
      client: { volume: record.name, app, host, address, mode, since },
      record,
      shown: { volume: record.name, app, fsid, readOnly, squash },
    };
  }

  async #resolve(notes: Set<string>): Promise<Map<string, readonly string[]>> {
    const found = await Promise.all(
      [...this.#names].map(async ([host, name]): Promise<[string, readonly string[]]> => {
        try {
          return [host, (await name.addresses()).map(plainAddress)];
        } catch {
          notes.add(
            `the policy's host ${host} has no address: the DNS does not know it or does not answer. It gets nothing until it has one; mend the DNS, or write its address into the policy file`,
          );
          return [host, []];
        }
      }),
    );
    return new Map(found);
  }

  async #record({ volume }: StaticGrant, notes: Set<string>): Promise<VolumeRecord | null> {
    let record: VolumeRecord | null;
    try {
      record = await this.#world.volume(volume);
    } catch (error) {
      notes.add(`volume "${volume}" of the policy cannot be looked at: ${messageOf(error)}`);
      // A storage that does not answer for a moment takes nothing away from anybody.
      return this.#toldOf(volume);
    }
    const reason = refusal(record);
    if (reason === null) return record;
    notes.add(`the policy gives volume "${volume}" to hosts without a plugin, and ${reason}`);
    return null;
  }

  #toldOf(volume: string): VolumeRecord | null {
    for (const volumes of this.#told.values()) {
      const told = volumes.get(volume);
      if (told !== undefined) return told.record;
    }
    return null;
  }

  #mayHave(host: string, address: string, notes: Set<string>): boolean {
    const { allowed, nodeAt } = this.#world;
    const node = nodeAt(address);
    if (node !== null)
      notes.add(
        `the policy's host ${host} (${address}) is node "${node}", which mounts volumes by its plugin and needs no grant`,
      );
    const isAllowed = allowed.allows(host === address ? null : host, address);
    if (!isAllowed)
      notes.add(`the policy's host ${host} (${address}) is not among SWARMNFS_ALLOWED_HOSTS`);
    return node === null && isAllowed;
  }

  async #withdraw(
    address: string,
    volumes: Map<string, Wanted>,
    wanted: ReadonlyMap<string, Wanted> | undefined,
    notes: Set<string>,
  ): Promise<void> {
    const { exports, log, nodeAt } = this.#world;
    try {
      for (const [volume, { client }] of volumes) {
        if (wanted?.has(volume) === true) continue;
        await exports.revoke(clientName(address), volume);
        volumes.delete(volume);
        log.info({ audit: "static-revoked", ...client }, "a host without a plugin lost a volume");
      }
      if (wanted !== undefined) return;
      // An address that became a node's is the node's now.
      if (nodeAt(address) === null) await exports.dismiss(address);
      this.#told.delete(address);
    } catch (error) {
      notes.add(`what ${address} has could not be taken away: ${messageOf(error)}`);
    }
  }

  async #give(
    address: string,
    wanted: ReadonlyMap<string, Wanted>,
    notes: Set<string>,
  ): Promise<void> {
    const { exports, log } = this.#world;
    const name = clientName(address);
    try {
      const told = this.#told.get(address) ?? new Map<string, Wanted>();
      if (!this.#told.has(address)) await exports.admit(name, address);
      this.#told.set(address, told);
      for (const [volume, one] of wanted) {
        const before = told.get(volume);
        if (before !== undefined && same(before, one)) continue;
        await exports.grant(name, one.shown);
        told.set(volume, one);
        log.info(
          { audit: "static-granted", ...one.client },
          "a host without a plugin has a volume",
        );
      }
    } catch (error) {
      notes.add(`${address} could not be given what the policy says: ${messageOf(error)}`);
    }
  }
}

/** Not a UUID, so never a node's. */
function clientName(address: string): string {
  return `static-${address.replaceAll(":", "_")}`;
}

function same(a: Wanted, b: Wanted): boolean {
  return (
    a.record.id === b.record.id &&
    a.client.host === b.client.host &&
    JSON.stringify(a.shown) === JSON.stringify(b.shown)
  );
}

/** Why nobody without a plugin can have it, or null. */
function refusal(record: VolumeRecord | null): string | null {
  if (record === null) return "there is no such volume yet";
  if (record.root) return "it is the whole storage: that is for nodes that prove who they are";
  if (record.access === "exclusive") return "it is exclusive: that is for nodes that renew a lease";
  return record.state === "ready" ? null : `it is ${record.state}`;
}
