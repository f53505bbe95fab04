import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import type { AppRecord } from "../storage/records/app.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import { decide, describe, type Consumer, type Decision } from "../storage/rules/access.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Passes } from "./benchmark/passes.ts";
import type { Callers, Consumers } from "./consumers.ts";
import type { Grants } from "./grants.ts";

export interface Admission {
  /** Who mounts, in words. */
  readonly consumers: readonly string[];
  /** Decided by memory while the engine was silent: to be checked when it speaks. */
  readonly provisional: boolean;
}

/** Decides who may mount, and writes one audit line for each decision. */
export class Gate {
  readonly #consumers: Consumers | null;
  readonly #grants: Grants;
  readonly #catalog: CatalogCopy;
  readonly #storage: Storage;
  readonly #node: NodeIdentity;
  readonly #rootServices: readonly string[];
  readonly #trustNode: boolean;
  readonly #passes: Passes | null;
  readonly #log: Log;

  constructor(parts: {
    /** Null: there is no Docker socket to ask. */
    consumers: Consumers | null;
    grants: Grants;
    catalog: CatalogCopy;
    storage: Storage;
    node: NodeIdentity;
    rootServices: readonly string[];
    trustNode: boolean;
    /** Absent: no container is our own. */
    passes?: Passes;
    log: Log;
  }) {
    this.#consumers = parts.consumers;
    this.#grants = parts.grants;
    this.#catalog = parts.catalog;
    this.#storage = parts.storage;
    this.#node = parts.node;
    this.#rootServices = parts.rootServices;
    this.#trustNode = parts.trustNode;
    this.#passes = parts.passes ?? null;
    this.#log = parts.log;
  }

  /** Throws `UserError` (denied) with the words for the person who tried. `isHeld`: this mount id holds it already. */
  async admit(record: VolumeRecord, isHeld: boolean): Promise<Admission> {
    if (this.#consumers === null) return this.#withoutEngine(record);
    const callers = await this.#callers(record, this.#consumers);
    if (callers.kind === "silent") return this.#bySilence(record, callers.reason);
    if (callers.kind === "unknown") return this.#byNobodyKnowing(record, callers.error);
    if (callers.kind === "nobody") return this.#byEngineItself(record, callers.running, isHeld);

    const decision = await this.#decideClaiming(record, callers.consumers);
    this.#audit(record, callers.consumers.map(describe), decision);
    if (!decision.allow) throw decision.error;
    const consumers = callers.consumers.map(describe);
    await this.#grants.remember(record.id, consumers, new Date().toISOString());
    return { consumers, provisional: false };
  }

  /**
   * Whether a container that holds the volume already may have it; for what was admitted by memory. `isLast`: it will
   * not be asked again, so that a yes is worth an audit line too.
   */
  async mayKeep(record: VolumeRecord, consumer: Consumer, isLast: boolean): Promise<Decision> {
    const decision = this.#decide(record, await this.#app(record), [consumer]);
    if (isLast || !decision.allow) this.#audit(record, [describe(consumer)], decision);
    return decision;
  }

  /** A silent engine has memory answer for it. What memory does not know is worth more patience: it may be only slow. */
  async #callers(record: VolumeRecord, consumers: Consumers): Promise<Callers> {
    const callers = await consumers.callersOf(record.name);
    const isKnown = record.root || this.#grants.rememberedFor(record.id).length > 0;
    if (callers.kind !== "silent" || isKnown) return callers;
    const patiently = await consumers.callersInPatience(record.name);
    const isSilent = patiently.kind === "unknown" && patiently.error.code === "unavailable";
    return isSilent ? callers : patiently;
  }

  async #withoutEngine(record: VolumeRecord): Promise<Admission> {
    const app = await this.#app(record);
    if (isOpen(record, app) || (this.#trustNode && !record.root))
      return this.#admitUnknown(record, app, "no Docker socket");
    return this.#refuse(
      record,
      `"${record.name}" is not for everyone, and without Docker's socket nobody can be told apart. Set SWARMNFS_DOCKER, or let every container of this node mount everything: SWARMNFS_WITHOUT_DOCKER=trust-node`,
    );
  }

  /** At its own boot the engine answers nothing until all volumes are mounted: memory decides, and is checked later. */
  async #bySilence(record: VolumeRecord, reason: string): Promise<Admission> {
    const app = await this.#app(record).catch(() => null);
    if (app !== null && isOpen(record, app))
      return this.#admitUnknown(record, app, "Docker is silent");
    const remembered = this.#grants.rememberedFor(record.id);
    if (remembered.length === 0 || record.root) {
      return this.#refuse(
        record,
        `"${record.name}" cannot be given to anyone now: ${reason}, and on node "${this.#node.name}" nobody was allowed to mount it before. Try again when Docker answers: docker info`,
      );
    }
    this.#log.info(
      { audit: "allow", volume: record.name, rule: "remembered", consumers: remembered },
      "allowed by memory, to be checked",
    );
    return { consumers: remembered, provisional: true };
  }

  /** Docker is there, and does not say who asks: only where that does not matter the volume is given. */
  async #byNobodyKnowing(record: VolumeRecord, error: UserError): Promise<Admission> {
    const app = await this.#app(record).catch(() => null);
    if (app !== null && isOpen(record, app))
      return this.#admitUnknown(record, app, "Docker does not say who asks");
    this.#audit(record, [], { allow: false, error });
    throw error;
  }

  /**
   * No container could be the one that starts, so none can use this mount: the engine copies an image's files into an
   * empty volume before it lists the new container, or serves `docker cp` on a running one. Into a volume that is not
   * empty the engine copies nothing.
   */
  async #byEngineItself(
    record: VolumeRecord,
    running: readonly Consumer[],
    isHeld: boolean,
  ): Promise<Admission> {
    if (record.root)
      return this.#refuse(record, `"${record.name}" is the whole storage: mount it with nocopy`);
    if (isHeld) return { consumers: running.map(describe), provisional: false };
    return this.#admitUnknown(record, await this.#app(record), "copy-up");
  }

  #admitUnknown(record: VolumeRecord, app: AppRecord, rule: string): Admission {
    const decision = this.#decide(record, app, []);
    this.#audit(record, [], decision.allow ? { ...decision, rule } : decision);
    if (!decision.allow) throw decision.error;
    return { consumers: [], provisional: false };
  }

  /** Takes an app that is open to the first who comes; whoever was quicker on another node keeps it. */
  async #decideClaiming(record: VolumeRecord, consumers: readonly Consumer[]): Promise<Decision> {
    const app = await this.#app(record);
    let decision = this.#decide(record, app, consumers);
    // What we remember may be old: before anyone is refused, the storage is asked, and before anyone is let in because
    // nobody owns the app yet.
    const isFree = app.services === "first" && app.owner === null;
    if (!decision.allow || isFree)
      decision = this.#decide(...(await this.#fresh(record)), consumers);
    if (!decision.allow || decision.claim === null) return decision;
    const claimed = await this.#storage.claimApp(record.app, {
      ...decision.claim,
      since: new Date().toISOString(),
    });
    this.#catalog.putApp(claimed);
    return this.#decide(record, claimed, consumers);
  }

  async #fresh(record: VolumeRecord): Promise<[VolumeRecord, AppRecord]> {
    try {
      const [volume, app] = await Promise.all([
        this.#storage.get(record.name),
        this.#storage.getApp(record.app),
      ]);
      if (volume !== null) this.#catalog.put(volume);
      if (app !== null) this.#catalog.putApp(app);
      return [volume ?? record, app ?? (await this.#app(record))];
    } catch {
      return [record, await this.#app(record)];
    }
  }

  async #app(record: VolumeRecord): Promise<AppRecord> {
    const known = this.#catalog.app(record.app) ?? (await this.#storage.getApp(record.app));
    if (known === null) {
      throw new UserError(
        "unavailable",
        `the rules of app "${record.app}" are missing on the storage (.swarmnfs/apps/${record.app}.json): restore the file, or make them anew: swarmnfs apps set ${record.app} services=NAME`,
      );
    }
    this.#catalog.putApp(known);
    return known;
  }

  #decide(volume: VolumeRecord, app: AppRecord, consumers: readonly Consumer[]): Decision {
    // Where it may be mounted holds for our own containers as well.
    const isOurs = this.#passes?.allow(volume.id, consumers) === true;
    return decide({
      app: isOurs ? { ...app, services: ["*"] } : app,
      volume: isOurs ? { ...volume, services: null } : volume,
      consumers,
      node: this.#node.name,
      rootServices: this.#rootServices,
    });
  }

  #audit(record: VolumeRecord, consumers: readonly string[], decision: Decision): void {
    const facts = { volume: record.name, app: record.app, consumers };
    if (decision.allow)
      this.#log.info({ audit: "allow", ...facts, rule: decision.rule }, "allowed");
    else this.#log.warn({ audit: "deny", ...facts, reason: decision.error.message }, "denied");
  }

  #refuse(record: VolumeRecord, reason: string): never {
    const error = new UserError("denied", reason);
    this.#audit(record, [], { allow: false, error });
    throw error;
  }
}

/** Whether everyone may mount it, so that it does not matter who asks. */
function isOpen(volume: VolumeRecord, app: AppRecord): boolean {
  const rules = [app.services, volume.services ?? ["*"]];
  return !volume.root && rules.every((rule) => rule !== "first" && rule.includes("*"));
}
