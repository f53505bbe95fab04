import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { appFor } from "../../storage/rules/new-volume.ts";
import { parseOptions, type VolumeOptions } from "../../storage/rules/options.ts";
import type { NodeIdentity, RemoveOutcome, Storage } from "../../storage/storage.ts";
import type { AnswerOf, BodyOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { Leases } from "../leases/leases.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import { rulesAtBirth } from "../policy/apply-declared-apps.ts";
import type { Policy } from "../policy/policy.ts";
import { asNode, refuseElsewhere, sees } from "./sight.ts";

export interface VolumeParts {
  readonly storage: Storage;
  readonly leases: Leases;
  readonly policy: Policy;
  /** What removing a volume means that says nothing of it. */
  readonly onRemove: VolumeRecord["onRemove"];
  /** Waits a moment for a volume that begins as a copy, which then goes on being filled; never rejects. */
  readonly fill: (volume: string) => Promise<void>;
}

/** What nodes and administrators do with volumes, by the rules about where these may be. */
export class VolumeOperations {
  readonly #parts: VolumeParts;

  constructor(parts: VolumeParts) {
    this.#parts = parts;
  }

  /** Throws `not-found`, and `denied` where the node may not have it. */
  async get(node: LiveNode, name: string): Promise<VolumeRecord> {
    const record = await this.#parts.storage.get(name);
    if (record === null) throw notFound(name);
    refuseElsewhere(node, await this.#parts.storage.getApp(record.app), record);
    return record;
  }

  async create(
    node: LiveNode,
    { name, options: asked, defaults }: BodyOf<"createVolume">,
  ): Promise<VolumeRecord> {
    const { storage, policy, onRemove } = this.#parts;
    const options = parseOptions(asked, defaults);
    if (options.root) policy.checkRoot(name, node.name);
    const existing = await storage.get(name);
    const app = await this.#refuseNew(node, name, options, existing);
    const request = { name, options, appRules: rulesAtBirth(policy.declared(app)) };
    const isSilent = existing === null && options.onRemove === null;
    const record = await storage.create(
      isSilent ? { ...request, options: { ...options, onRemove } } : request,
      identity(node),
    );
    this.#parts.leases.announceChange();
    if (record.state !== "filling") return record;
    await this.#parts.fill(name);
    return (await storage.get(name)) ?? record;
  }

  /** A directory of the data disk becomes a volume; only administrators ask for that. */
  async adopt(
    node: LiveNode,
    { path, name, options: asked }: BodyOf<"adoptVolume">,
  ): Promise<VolumeRecord> {
    const { storage, policy, leases } = this.#parts;
    const options = parseOptions(asked);
    const app = await this.#refuseNew(node, name, options, await storage.get(name));
    const appRules = rulesAtBirth(policy.declared(app));
    if (storage.adopt === undefined) throw noAdoption();
    const record = await storage.adopt({ path, name, options, appRules }, identity(node));
    leases.announceChange();
    return record;
  }

  async examine(path: string): Promise<AnswerOf<"examine">> {
    const found = await this.#parts.storage.examine?.(path);
    if (found === undefined) throw noAdoption();
    const { leadOut, shared } = found;
    const all = ({ count, first }: typeof leadOut) => ({ count, first: [...first] });
    return { ...found, leadOut: all(leadOut), shared: all(shared) };
  }

  async remove(node: LiveNode, name: string): Promise<RemoveOutcome> {
    const { storage, leases } = this.#parts;
    await this.get(node, name);
    const outcome = await leases.remove(name, node, () => storage.remove(name, identity(node)));
    leases.announceChange();
    return outcome;
  }

  async attach(
    node: LiveNode,
    name: string,
    { id, consumers }: BodyOf<"attach">,
  ): Promise<AnswerOf<"attach">> {
    const { storage, leases } = this.#parts;
    let options: readonly string[] = [];
    const lease = await leases.attach(node, {
      volume: name,
      consumers,
      look: () => this.#mountable(node, name, id),
      isReader: (record) => this.#isReader(node, record),
      // Leaves a sign of use as well, so that whoever looks at the data disk without us sees it.
      prepare: async (record) => {
        ({ options } = await storage.attach(name, identity(node), consumers, id ?? record.id));
      },
    });
    const isShownLess = lease.mode === "ro" && !options.includes("ro");
    return { lease, path: `/${name}`, options: [...(isShownLess ? ["ro"] : []), ...options] };
  }

  /** The record, if the node may mount it; nobody is asked or fenced for what cannot be mounted in the end. */
  async #mountable(node: LiveNode, name: string, id: string | null): Promise<VolumeRecord> {
    // Where it may be is said of all nodes, also of those whose administrators are the storage's. Backups read the rest.
    const record = await this.get(node.role === "backup" ? node : asNode(node), name);
    if (record.root) this.#parts.policy.checkRoot(name, node.name);
    if (node.role !== "backup") this.#parts.policy.checkApp(record.app);
    const wanted = id ?? record.id;
    // The storage finishes what was begun, or says why that cannot be mounted and how far it is.
    if (record.state !== "ready" || record.id !== wanted)
      await this.#parts.storage.attach(name, identity(node), [], wanted);
    return record;
  }

  /** Backups may read what is not for their node. */
  async #isReader(node: LiveNode, record: VolumeRecord): Promise<boolean> {
    if (node.role !== "backup") return false;
    return !sees(asNode(node), record, await this.#parts.storage.getApp(record.app));
  }

  /**
   * The app that a new volume will be of. A version may be of a volume that is gone, or whose name another app has by now; then
   * the app has to be named, and the storage refuses it unless the version is of that one.
   */
  async #appOf(node: LiveNode, name: string, options: VolumeOptions): Promise<string> {
    if (options.from === null) return appFor(name, options);
    const isVersion = options.from.includes("@");
    if (isVersion && options.app !== null) return options.app;
    const source = await this.get(node, sourceName(options.from)).catch((error: unknown) => {
      if (!isVersion || !(error instanceof UserError) || error.code !== "not-found") throw error;
      throw new UserError(
        "not-found",
        `option "from": the volume of this version is gone. Say of which app it was: app=NAME`,
        { cause: error },
      );
    });
    return source.app;
  }

  /** The app, if the node may have a volume like that. */
  async #refuseNew(
    node: LiveNode,
    name: string,
    options: VolumeOptions,
    existing: VolumeRecord | null,
  ): Promise<string> {
    const { storage, policy } = this.#parts;
    // A copy is of its source's app, and whoever may not have the one may not have the other.
    const app = existing?.app ?? (await this.#appOf(node, name, options));
    policy.checkApp(app);
    const declared = policy.declared(app)?.hosts ?? null;
    const record = await storage.getApp(app);
    const rule = record ?? { app, hosts: [...(declared ?? options.hosts ?? ["*"])] };
    // Backups are restored into copies, wherever the source may be; what is new they make as any other node.
    const maker = node.role === "backup" && options.from === null ? asNode(node) : node;
    refuseElsewhere(maker, rule, existing ?? { name, hosts: options.hosts && [...options.hosts] });
    return app;
  }
}

function noAdoption(): UserError {
  return new UserError("unsupported", "this storage cannot make volumes of directories");
}

export function identity({ id, name }: LiveNode): NodeIdentity {
  return { id, name };
}

/** What is not there is unchanged: the protocol and the storage agree but for `undefined`. */
export function given<T extends object>(
  change: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

/** `volume`, or `volume@snapshot`. */
function sourceName(from: string): string {
  return from.split("@")[0] ?? from;
}

function notFound(name: string): UserError {
  return new UserError(
    "not-found",
    `there is no volume "${name}". See: docker volume ls, and for removed ones: swarmnfs trash`,
  );
}
