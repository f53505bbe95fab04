import { bounded } from "../service/bounded.ts";
import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import { namePattern } from "../storage/records/fields.ts";
import { checkVolumeName } from "../storage/rules/names.ts";
import { parseOptions } from "../storage/rules/options.ts";
import type { NodeIdentity, RemoveOutcome, Storage } from "../storage/storage.ts";
import type { VolumeStatus } from "../storage/verbs.ts";
import type { Call } from "./call.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Gate } from "./gate.ts";
import type { Grants } from "./grants.ts";
import type { Mounts } from "./mounts.ts";
import { Unanswerable } from "./unanswerable.ts";

/** A volume as Docker is told of it. */
export interface DockerVolume {
  readonly Name: string;
  /** Where containers will find it, mounted or not: an empty one Docker takes for the plugin's root file system. */
  readonly Mountpoint: string;
  /** RFC 3339; Docker takes anything else for "no such volume". */
  readonly CreatedAt: string;
  readonly Status?: VolumeStatus;
}

/** The life of a volume, in Docker's verbs. */
export class Driver {
  readonly #catalog: CatalogCopy;
  readonly #storage: Storage;
  readonly #mounts: Mounts;
  readonly #gate: Gate;
  readonly #grants: Grants;
  readonly #node: NodeIdentity;
  readonly #defaults: Readonly<Record<string, string>>;
  readonly #status: (record: VolumeRecord) => VolumeStatus;
  readonly #fill: (volume: string) => Promise<void>;
  readonly #count: (volume: string) => Promise<void>;
  readonly #opened: () => Promise<void>;
  readonly #lookupBoundMs: number;
  readonly #onStorageFailure: (volume: string) => void;
  readonly #log: Log;
  readonly #lookups = new Map<string, Promise<VolumeRecord | null>>();

  constructor(parts: {
    catalog: CatalogCopy;
    storage: Storage;
    mounts: Mounts;
    gate: Gate;
    grants: Grants;
    node: NodeIdentity;
    /** Options every new volume gets unless it asks for others. */
    defaults: Readonly<Record<string, string>>;
    status: (record: VolumeRecord) => VolumeStatus;
    /** Waits a moment for a volume that begins as a copy, which then goes on being filled; never rejects. */
    fill: (volume: string) => Promise<void>;
    /** Learns what a volume holds now, where that is to be had at once; never rejects. */
    count: (volume: string) => Promise<void>;
    /** Settles when the storage has been opened: requests may come before that. Rejects with why it cannot be. */
    opened: () => Promise<void>;
    /** How long an unknown name may keep Docker waiting, in milliseconds. */
    lookupBoundMs: number;
    /** Told of every mount that failed because the storage did not answer. */
    onStorageFailure: (volume: string) => void;
    log: Log;
  }) {
    this.#catalog = parts.catalog;
    this.#storage = parts.storage;
    this.#mounts = parts.mounts;
    this.#gate = parts.gate;
    this.#grants = parts.grants;
    this.#node = parts.node;
    this.#defaults = parts.defaults;
    this.#status = parts.status;
    this.#fill = parts.fill;
    this.#count = parts.count;
    this.#opened = parts.opened;
    this.#lookupBoundMs = parts.lookupBoundMs;
    this.#onStorageFailure = parts.onStorageFailure;
    this.#log = parts.log;
  }

  /** Throws `UserError`. Creating what exists with the same options succeeds: every node of a swarm sends Create. */
  async create(name: string, asked: Readonly<Record<string, string>> | null): Promise<void> {
    checkVolumeName(name);
    const options = parseOptions(asked, this.#defaults);
    await this.#opened();
    const record = await this.#storage.create({ name, options }, this.#node);
    this.#catalog.put(record);
    const app = await this.#storage.getApp(record.app).catch(() => null);
    if (app !== null) this.#catalog.putApp(app);
    if (record.state === "filling") await this.#fill(name);
    // Before Docker knows it: what is missing from the copy after a crash passes for a name that nobody knows.
    await this.#catalog.saved();
    this.#log.info({ volume: name, app: record.app }, "created");
  }

  /**
   * Null: there is no such volume, or none that Docker could know as ours while the storage cannot be asked. Throws
   * `Unanswerable` when even that cannot be said.
   */
  async get(name: string): Promise<DockerVolume | null> {
    try {
      const record = this.#remembered(name) ?? (await this.#lookUp(name));
      if (record === null) return null;
      await this.#count(name);
      return this.#shown(record, true);
    } catch (error) {
      // Docker repeats a question that is not answered for 15 s, and asks us about volumes of other drivers, too.
      if (error instanceof Unanswerable && this.#catalog.isWhole) return null;
      throw error;
    }
  }

  list(): readonly DockerVolume[] {
    return this.#catalog
      .volumes()
      .filter(isThere)
      .map((record) => this.#shown(record, false));
  }

  /** The path of a volume, mounted or not. Throws `UserError` (not-found). */
  async path(name: string): Promise<string> {
    return this.#shown(await this.#known(name), false).Mountpoint;
  }

  /** Answers a proven mount point. Throws `UserError`; then nothing is held. */
  async mount(name: string, id: string, call: Call): Promise<string> {
    const record = await this.#known(name);
    try {
      return await this.#mountAs(record, id, call);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "conflict") throw error;
      // Another node removed it and made another of that name: who may have that one is to be decided anew.
      const now = await call.within(this.#lookUp(name).catch(sayUnanswerable), unidentified);
      if (now === null || now.id === record.id) throw error;
      return this.#mountAs(now, id, call);
    }
  }

  async #mountAs(record: VolumeRecord, id: string, call: Call): Promise<string> {
    const { name } = record;
    try {
      const admission = await call.within(
        this.#opened().then(() => this.#gate.admit(record, this.#mounts.isHeldBy(name, id))),
        unidentified,
      );
      const place = await this.#mounts.hold(
        record,
        id,
        admission.consumers,
        admission.provisional,
        call,
      );
      this.#log.info(
        { volume: name, id: id.slice(0, 12), consumers: admission.consumers },
        "mounted",
      );
      return place;
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "unavailable") throw error;
      this.#onStorageFailure(name);
      throw new UserError(
        "unavailable",
        `"${name}" cannot be mounted on ${this.#node.name}: ${error.message}`,
        { cause: error },
      );
    }
  }

  /** Never fails for what is not there: after a crash Docker sends ids that nobody knows. */
  async unmount(name: string, id: string): Promise<void> {
    if (namePattern.test(name)) await this.#mounts.release(name, id);
  }

  /** Null: nobody waited any more. Throws `UserError`: in-use with who holds it and where, not-found. */
  async remove(name: string, call: Call): Promise<RemoveOutcome | null> {
    const { id } = await this.#known(name);
    await this.#opened();
    let removed: RemoveOutcome | null = null;
    const holders = await this.#mounts.forsake(name, async () => {
      // Docker was told that it takes too long, and may have the volume mounted again: nothing is begun any more.
      if (call.isOver) return;
      const outcome = await this.#storage.remove(name, this.#node);
      removed = outcome;
      this.#catalog.drop(name);
      await this.#grants.forget(id);
      this.#log.info({ volume: name, ...outcome }, "removed");
    });
    if (holders === null) {
      throw new UserError(
        "in-use",
        `"${name}" may be mounted on ${this.#node.name}, and Docker does not say by whom. Try again when it answers`,
      );
    }
    if (holders.length > 0) {
      throw new UserError(
        "in-use",
        `"${name}" is mounted on ${this.#node.name} (${holders.join(", ")}). Remove the service or container first`,
      );
    }
    return removed;
  }

  #shown(record: VolumeRecord, withStatus: boolean): DockerVolume {
    return {
      Name: record.name,
      Mountpoint: this.#mounts.path(record.name),
      CreatedAt: record.createdAt,
      ...(withStatus ? { Status: this.#status(record) } : {}),
    };
  }

  #remembered(name: string): VolumeRecord | null {
    const record = this.#catalog.volume(name);
    return record !== null && isThere(record) ? record : null;
  }

  /** Asks the storage for a name we do not know: another node may have made it. One question for all who wait. */
  #lookUp(name: string): Promise<VolumeRecord | null> {
    const asked = this.#lookups.get(name);
    if (asked !== undefined) return asked;
    const lookup = this.#askStorage(name).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  async #askStorage(name: string): Promise<VolumeRecord | null> {
    if (!namePattern.test(name)) return null;
    try {
      const asked = this.#opened().then(() => this.#storage.get(name));
      const record = await bounded(asked, this.#lookupBoundMs, noAnswer);
      if (record === null || !isThere(record)) return null;
      this.#catalog.put(record);
      await this.#catalog.saved();
      return record;
    } catch (error) {
      throw new Unanswerable(`volume "${name}" is unknown here, and the storage cannot be asked`, {
        cause: error,
      });
    }
  }

  /** The record of a volume that is to be used. Throws `UserError`: invalid, not-found, unavailable. */
  async #known(name: string): Promise<VolumeRecord> {
    checkVolumeName(name);
    const record = this.#remembered(name) ?? (await this.#lookUp(name).catch(sayUnanswerable));
    if (record !== null) return record;
    throw new UserError(
      "not-found",
      `there is no volume "${name}". Create it: docker volume create -d swarmnfs ${name}`,
    );
  }
}

function noAnswer(): Error {
  return new Error("no answer in time");
}

function unidentified(): UserError {
  return new UserError(
    "unavailable",
    "who asks for it could not be told in time. Try again; see: swarmnfs doctor",
  );
}

/** For all verbs but Get an answer does no harm, and one in words helps. */
function sayUnanswerable(error: unknown): never {
  if (!(error instanceof Unanswerable)) throw error;
  throw new UserError(
    "unavailable",
    `${error.message}. Try again when it answers: swarmnfs doctor`,
    {
      cause: error,
    },
  );
}

/** Docker is not told of a volume that was removed and kept: only so will it ask us to create it again. */
function isThere({ state }: VolumeRecord): boolean {
  return state !== "trashed" && state !== "retained";
}
