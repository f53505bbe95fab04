import { dirname } from "node:path";
import { systemClock } from "../../service/clock.ts";
import type { DirectorySettings } from "../directory/directory-storage.ts";
import { GuardedStorage, type GuardedOptions } from "../keeper/guarded-storage.ts";
import type { Arguments } from "../keeper/protocol.ts";
import type { Attachment, StorageHealth } from "../storage.ts";
import type { StorageServer } from "../storage-server.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { AddressFile } from "./address-file.ts";
import { ensureIdentity, systemIdentityEffects } from "./client-identity.ts";
import { mountTrouble } from "./mount-trouble.ts";
import type { NfsPlace } from "./nfs-url.ts";
import { NfsPresence, type NfsWorld } from "./presence.ts";
import { PrivateMount, systemMountEffects } from "./private-mount.ts";
import { ServerName, systemLookup } from "./server-name.ts";
import { knock } from "./server-port.ts";
import { systemTransportEffects } from "./transports.ts";
import { volumeMount } from "./volume-mount.ts";

/** What this node must know to keep volumes on an NFS server. */
export interface NfsSettings {
  /**
   * Where this process alone mounts the whole storage, to make volumes and keep records: an absolute path without
   * symlinks, of which nobody else knows. What is mounted there already is used if it is right, and replaced if not.
   */
  readonly place: string;
  /** The node's lasting id: the name under which the server knows this node's locks. */
  readonly nodeId: string;
  /** A file that keeps the server's last known address over restarts, for a DNS that comes up later than we do. */
  readonly addressFile?: string;
}

/**
 * Volumes as directories on any NFSv4 server: `nfs://nas.lan/volume1/swarm`. Records and directories are made through a
 * private mount, by the same code as for `dir://`; a container gets a mount of its volume's own directory.
 */
export class NfsStorage extends GuardedStorage {
  readonly #place: NfsPlace;
  readonly #root: string;
  readonly #presence: NfsPresence;

  constructor(
    place: NfsPlace,
    settings: NfsSettings & Pick<DirectorySettings, "trashDays">,
    options: GuardedOptions,
    world: NfsWorld = systemWorld(place, settings),
  ) {
    const presence = new NfsPresence(place, world);
    const { url } = place;
    const { trashDays, place: path } = settings;
    super(
      { url, path, trashDays, makeRoot: false, nfs: true, undelegated: true },
      { ...options, presence },
    );
    this.#place = place;
    this.#root = path;
    this.#presence = presence;
  }

  get server(): StorageServer {
    const { host, port } = this.#place;
    const { address, addresses, left, identity } = this.#presence;
    return {
      host,
      port,
      address,
      addresses,
      ...(left !== null && { left }),
      ...(identity !== null && { identity }),
    };
  }

  explainMount(error: unknown): unknown {
    const { address } = this.#presence;
    const cause = error instanceof Error ? error.cause : undefined;
    const meaning = address === null ? null : mountTrouble(cause, this.#place, address);
    return meaning instanceof StorageUnavailable ? meaning : error;
  }

  /** Of type `nfs4`, by the server's address: mounting it asks no DNS. */
  override async attach(...args: Arguments<"attach">): Promise<Attachment> {
    const shown = await super.attach(...args);
    const { address } = this.#presence;
    if (address === null) throw new StorageUnavailable(`${this.url} was never reached`);
    return volumeMount(this.#place, address, this.#root, shown);
  }

  override async health(): Promise<StorageHealth> {
    const health = await super.health();
    return { ...health, notes: [...health.notes, ...this.#presence.notes] };
  }
}

/** The machine itself. */
export function systemWorld(place: NfsPlace, settings: NfsSettings): NfsWorld {
  const { place: root, nodeId, addressFile } = settings;
  const memory = addressFile === undefined ? null : new AddressFile(addressFile);
  const identity = systemIdentityEffects(dirname(root));
  return {
    name: new ServerName(place.host, systemLookup, systemClock, memory),
    knock,
    mount: new PrivateMount(root, systemMountEffects),
    transports: systemTransportEffects(dirname(root)),
    identify: (another) => ensureIdentity(nodeId, identity, another),
    clock: systemClock,
  };
}
