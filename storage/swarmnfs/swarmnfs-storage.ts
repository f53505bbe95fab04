import { UserError } from "../../service/user-error.ts";
import type { LeaseHolder } from "../lease-holder.ts";
import { usualPort } from "../nfs/nfs-url.ts";
import type { AppOwner, AppRecord } from "../records/app.ts";
import type { HookAnswer } from "../records/hook-call.ts";
import type { RollAnswer, RollCall } from "../records/roll-call.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { defaultOptions } from "../rules/default-options.ts";
import { checkVolumeName } from "../rules/names.ts";
import type * as storage from "../storage.ts";
import type { StorageServer } from "../storage-server.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { HeldLeases } from "./held-leases.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { isSilence, Leasing, type Ask } from "./leasing.ts";
import { mountTrouble, type NfsServer } from "./mount-trouble.ts";
import { NodeReadiness } from "./node-readiness.ts";
import type { AnswerOf, BodyOf } from "./protocol/routes.ts";
import type { SwarmnfsPlace } from "./swarmnfs-url.ts";
import type { SwarmnfsWorld } from "./system-world.ts";
import { WatchedControl, type WatchedOptions } from "./watched-control.ts";

/** A quick call, milliseconds: below the 8 s that a step of a mount may take, and Docker's own 30 s. */
const quickMs = 7000;
/** A volume is made in steps that each wait for the disk, and others are made before it. The plugin's own 22 s are more. */
const makingMs = 20_000;
/** What walks over many files. Docker's own 30 s, and the command's, are more. */
const longMs = 28_000;
/** How long a plugin that stops on purpose may be away before its node is taken for dead: an upgrade, a slow boot. */
const absenceMs = 600_000;
const absenceBoundMs = 2000;

/** Volumes on our own storage node, through its control API: `swarmnfs://storage1`. */
export class SwarmnfsStorage implements storage.Storage {
  readonly url: string;
  readonly #place: SwarmnfsPlace;
  readonly #world: SwarmnfsWorld;
  readonly #control: WatchedControl;
  readonly #readiness: NodeReadiness;
  readonly #held: HeldLeases;
  readonly #leasing: Leasing;
  readonly #keeper: LeaseKeeper;
  /** Which storage it is, and where it serves NFS. */
  #view: Pick<AnswerOf<"storage">, "id" | "nfs"> | null = null;
  #counts = false;
  #listed: { readonly seen: string; readonly catalog: storage.Catalog } | null = null;
  /** As the server told them last. */
  readonly #records = new Map<string, VolumeRecord>();

  constructor(place: SwarmnfsPlace, world: SwarmnfsWorld, options: WatchedOptions = {}) {
    this.url = place.url;
    this.#place = place;
    this.#world = world;
    this.#control = new WatchedControl(place.url, world.member, world.clock, options);
    const secure = async (): Promise<void> => {
      const { identity } = world.member;
      if (identity === null) throw new Error("a server that was never joined");
      await world.tls.ready(identity);
    };
    this.#readiness = new NodeReadiness(world.identify, world.knock, world.transports, secure);
    this.#held = new HeldLeases(world.clock, () => this.#remember());
    this.#leasing = new Leasing(this.#ask, this.#held, this.#readiness, () => this.#nfs);
    this.#keeper = new LeaseKeeper(this.#leasing, this.#held, world.patience);
  }

  get trouble(): storage.Trouble | null {
    return this.#control.trouble;
  }

  get server(): StorageServer {
    const { host } = this.#place;
    const nfs = this.#nfs;
    const { identity } = this.#readiness;
    return {
      host,
      port: nfs?.port ?? usualPort,
      address: nfs?.address ?? null,
      ...(nfs !== null && { addresses: [nfs.address] }),
      left: this.#readiness.left,
      ...(identity !== null && { identity }),
      control: {
        port: this.#place.port,
        servesNfs: this.#readiness.servesNfs,
        ...this.#world.member.standing,
        leases: { ...this.#held.standing, fenced: this.#keeper.isFenced },
      },
    };
  }

  get countsItself(): boolean {
    return this.#counts;
  }

  explainMount(error: unknown): unknown {
    const nfs = this.#nfs;
    const cause = error instanceof Error ? error.cause : undefined;
    const meaning = nfs === null ? null : mountTrouble(cause, nfs);
    return meaning instanceof StorageUnavailable ? meaning : error;
  }

  join(token: string): Promise<void> {
    return this.#world.member.join(token);
  }

  async nodes(): Promise<AnswerOf<"nodes">["nodes"]> {
    return (await this.#ask("nodes", {}, undefined)).nodes;
  }

  grants(): Promise<AnswerOf<"leases">> {
    return this.#ask("leases", {}, undefined);
  }

  attend(holder: LeaseHolder): void {
    this.#keeper.attend(holder);
  }

  /** A storage that this node knows is open also while its server cannot be asked: what was granted can be mounted. */
  async open(knownId: string | null): Promise<{ readonly id: string }> {
    try {
      const options = { timeoutMs: quickMs };
      const { id, nfs, quota } = await this.#control.ask("storage", {}, undefined, options);
      if (knownId !== null && id !== knownId) throw this.#another(id, knownId);
      await this.#recall(id);
      const from = this.#view?.nfs.address ?? null;
      this.#view = { id, nfs };
      this.#readiness.moved(from, { ...this.#place, ...nfs });
      this.#counts = quota !== "none";
      void this.#world.member.rotate();
      void this.#readiness.secure({ ...this.#place, ...nfs });
      return { id };
    } catch (error) {
      if (knownId === null || !isSilence(error) || !(await this.#recall(knownId))) throw error;
      return { id: knownId };
    }
  }

  /** What has not changed since the last list does not cross the network again. */
  async list(): Promise<storage.Catalog> {
    const kept = this.#listed;
    const { seen, catalog, ...passing } = await this.#ask(
      "catalog",
      {},
      { seen: kept?.seen ?? null },
    );
    const current = catalog ?? kept?.catalog;
    if (current === undefined) throw new Error("a first list was called unchanged");
    this.#listed = seen === null ? null : { seen, catalog: current };
    return { ...current, ...passing };
  }

  /** From memory for a volume that this node has, while the server cannot be asked and NFS is served. */
  async get(name: string): Promise<VolumeRecord | null> {
    checkVolumeName(name);
    try {
      const record = await orNull(this.#ask("volume", { name }, undefined));
      if (record === null) this.#records.delete(name);
      else this.#records.set(name, record);
      return record;
    } catch (error) {
      return this.#leasing.recallRecord(this.#records.get(name), error);
    }
  }

  async create({ name, options }: storage.CreateRequest): Promise<VolumeRecord> {
    checkVolumeName(name);
    const body = { name, options: { ...options.asked }, defaults: defaultOptions(options) };
    return this.#ask("createVolume", {}, body, { timeoutMs: makingMs });
  }

  async adopt({ path, name, options }: storage.AdoptRequest): Promise<VolumeRecord> {
    checkVolumeName(name);
    return this.#ask("adoptVolume", {}, { path, name, options: { ...options.asked } });
  }

  async examine(path: string): Promise<storage.AdoptableDirectory> {
    return this.#ask("examine", {}, { path }, { timeoutMs: longMs });
  }

  async update(name: string, change: storage.VolumeChange): Promise<VolumeRecord> {
    checkVolumeName(name);
    const body = structuredClone(change) as BodyOf<"changeVolume">;
    // Holders of exclusive volumes may be asked for them first.
    return this.#ask("changeVolume", { name }, body, { timeoutMs: longMs });
  }

  async remove(name: string): Promise<storage.RemoveOutcome> {
    checkVolumeName(name);
    return this.#ask("removeVolume", { name }, undefined);
  }

  /** Of type `nfs4`, by the server's address: mounting it asks no DNS. */
  async attach(
    name: string,
    _by: storage.NodeIdentity,
    consumers: readonly string[],
    id: string | null = null,
  ): Promise<storage.Attachment> {
    checkVolumeName(name);
    return this.#leasing.get(name, id, consumers);
  }

  async detach(name: string): Promise<void> {
    checkVolumeName(name);
    await this.#leasing.give(name);
  }

  async renew(signs: readonly storage.UseSign[]): Promise<void> {
    for (const { volume } of signs) checkVolumeName(volume);
    this.#held.sign(signs);
    await this.#keeper.renew();
  }

  async getApp(app: string): Promise<AppRecord | null> {
    checkVolumeName(app);
    return orNull(this.#ask("app", { name: app }, undefined));
  }

  async updateApp(app: string, change: storage.AppChange): Promise<AppRecord> {
    checkVolumeName(app);
    const body = structuredClone(change) as BodyOf<"changeApp">;
    return this.#ask("changeApp", { name: app }, body, { timeoutMs: longMs });
  }

  async claimApp(app: string, owner: AppOwner): Promise<AppRecord> {
    checkVolumeName(app);
    return this.#ask("claimApp", { name: app }, owner);
  }

  async usage(name: string): Promise<storage.Usage> {
    checkVolumeName(name);
    return this.#ask("usage", { name }, undefined, { timeoutMs: longMs });
  }

  async callRoll({ node: _node, nodeId: _id, ...call }: RollCall): Promise<void> {
    await this.#ask("callRoll", {}, call);
  }

  async answerRoll(id: string, answer: RollAnswer): Promise<void> {
    const { node: _node, nodeId: _id, ...said } = answer;
    await this.#ask("answerRoll", { id }, said);
  }

  async rollAnswers(id: string): Promise<readonly storage.GivenRollAnswer[]> {
    return (await this.#ask("rollAnswers", { id }, undefined)).answers;
  }

  async endRoll(id: string): Promise<void> {
    await this.#ask("endRoll", { id }, undefined, { timeoutMs: longMs });
  }

  async answerHook(id: string, answer: HookAnswer): Promise<void> {
    const { node: _node, nodeId: _id, holders: _holders, ...said } = answer;
    await this.#ask("answerHook", { id }, said);
  }

  async trash(): Promise<readonly storage.TrashEntry[]> {
    return (await this.#ask("trash", {}, undefined)).entries;
  }

  async undelete(entry: string, as: string | null): Promise<VolumeRecord> {
    return this.#ask("undelete", {}, { entry, as });
  }

  async purge(entries: readonly string[]): Promise<readonly string[]> {
    const body = { entries: [...entries] };
    return (await this.#ask("purge", {}, body, { timeoutMs: longMs })).purged;
  }

  async review(since: string): Promise<storage.Review> {
    return this.#ask("review", {}, { since }, { timeoutMs: longMs });
  }

  /** The server keeps house by itself. */
  async housekeep(): Promise<storage.HousekeepingReport> {
    return { held: false, purged: [], sweptStaging: [] };
  }

  /** And whether NFS is served there, which containers need rather than the control API. */
  async health(): Promise<storage.StorageHealth> {
    const [health, nfsNote] = await Promise.all([
      this.#ask("health", {}, undefined),
      this.#readiness.look(this.#nfs),
    ]);
    const { name, member } = this.#world;
    const notes = [nfsNote, name.note, ...this.#readiness.notes, member.note];
    return { ...health, notes: [...health.notes, ...notes.filter((note) => note !== null)] };
  }

  /** What this node has stays its own for a while: the server is told that the silence is meant. */
  async close(): Promise<void> {
    this.#keeper.stop();
    if (this.#held.size > 0 && this.trouble === null) {
      const options = { timeoutMs: absenceBoundMs };
      await this.#control.ask("absence", {}, { forMs: absenceMs }, options).catch(() => {});
    }
    this.#control.close();
    await this.#world.memory.saved();
  }

  get #nfs(): NfsServer | null {
    const { url, host } = this.#place;
    return this.#view === null ? null : { url, host, ...this.#view.nfs };
  }

  #ask: Ask = async (name, params, body, options = {}) => {
    if (this.#view === null)
      throw new StorageUnavailable(
        this.trouble?.reason ?? `${this.url} has not been looked at yet. Try again in a moment`,
      );
    return this.#control.ask(name, params, body, { timeoutMs: quickMs, ...options });
  };

  /** What an earlier run had of this very storage. Answers whether this run knows it. */
  async #recall(id: string): Promise<boolean> {
    if (this.#view !== null) return this.#view.id === id;
    const known = await this.#world.memory.recall();
    if (known?.id !== id || this.#view !== null) return this.#view !== null;
    this.#view = { id, nfs: known.nfs };
    this.#held.restore(known.leases);
    void this.#readiness.secure({ ...this.#place, ...known.nfs });
    return true;
  }

  #remember(): void {
    if (this.#view === null) return;
    const { id, nfs } = this.#view;
    void this.#world.memory.remember({ id, nfs, leases: this.#held.all() });
  }

  #another(id: string, knownId: string): StorageUnavailable {
    return new StorageUnavailable(
      `${this.url} is another storage than before (its id is ${id}; this node knows ${knownId}): its data disk is not the one it was, or not mounted there. Mount the right one; or give the new storage a name of its own`,
    );
  }
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return null;
    throw error;
  }
}
