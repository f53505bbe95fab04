import type { AppRecord } from "../../storage/records/app.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { hostAllowed } from "../../storage/rules/access.ts";
import type { AppChange, Storage, VolumeChange } from "../../storage/storage.ts";
import type { Leases } from "../leases/leases.ts";
import type { Narrower } from "../leases/narrowing.ts";
import { UserError } from "../../service/user-error.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { StaticGrants } from "../policy/static-grants.ts";
import { identity } from "./volume-operations.ts";

export interface RuleParts {
  readonly storage: Storage;
  readonly leases: Leases;
  readonly nodes: { find(id: string): Pick<LiveNode, "role"> | null };
  /** Hosts without a plugin. */
  readonly statics: Pick<StaticGrants, "hostsOf">;
}

/** Changes of rules; nodes that may not have a volume by the new ones lose it. Throws `in-use` where that cannot be. */
export class RuleChanges {
  readonly #parts: RuleParts;

  constructor(parts: RuleParts) {
    this.#parts = parts;
  }

  async volume(node: LiveNode, name: string, change: VolumeChange): Promise<VolumeRecord> {
    const { storage, leases } = this.#parts;
    if (change.access === "exclusive") this.#refuseStatic(name);
    const work = (): Promise<VolumeRecord> =>
      leases.change(name, change.access === "exclusive", () =>
        storage.update(name, change, identity(node)),
      );
    const record = await (Array.isArray(change.hosts)
      ? leases.narrowing.narrow(this.#hostsOf("volume", [name], change.hosts), work)
      : work());
    leases.announceChange();
    return record;
  }

  async app(node: LiveNode, app: string, change: AppChange): Promise<AppRecord> {
    const { storage, leases } = this.#parts;
    const work = (): Promise<AppRecord> => storage.updateApp(app, change, identity(node));
    const record = await (change.hosts === undefined
      ? work()
      : leases.narrowing.narrow(
          this.#hostsOf("app", await this.#volumesOf(app), change.hosts, app),
          work,
        ));
    leases.announceChange();
    return record;
  }

  /** For an app whose rules were changed while the server did not run. What is used exclusively is its holder's still. */
  async takeUp(app: string): Promise<void> {
    const { storage, leases } = this.#parts;
    const hosts = (await storage.getApp(app))?.hosts ?? [];
    const narrower = this.#hostsOf("app", await this.#volumesOf(app), hosts, app);
    const shared = leases.list().filter(({ exclusive }) => !exclusive);
    const isShared = new Set(shared.map(({ volume, nodeId }) => `${volume}@${nodeId}`));
    await leases.narrowing.takeAway({
      ...narrower,
      mayStay: (lease) =>
        narrower.mayStay(lease) || !isShared.has(`${lease.volume}@${lease.nodeId}`),
    });
  }

  /** A host without a plugin goes on writing to what it was given: it renews no lease, and nobody can ask it. */
  #refuseStatic(volume: string): void {
    const hosts = this.#parts.statics.hostsOf(volume);
    if (hosts.length === 0) return;
    throw new UserError(
      "in-use",
      `"${volume}" cannot be given to one node alone: the policy file gives it to ${hosts.join(", ")}. Take it out of there, restart the server, and try again`,
    );
  }

  #hostsOf(
    kind: "app" | "volume",
    volumes: readonly string[],
    hosts: readonly string[],
    name = volumes[0] ?? "",
  ): Narrower {
    const { nodes } = this.#parts;
    return {
      volumes,
      because: `${kind} "${name}" is for ${hosts.join(", ")} now`,
      // Whoever makes backups reads everything, wherever it is; what it had as any other node it has to ask for again.
      mayStay: ({ nodeId, node, isReader }) =>
        hostAllowed(hosts, node) || (isReader === true && nodes.find(nodeId)?.role === "backup"),
    };
  }

  async #volumesOf(app: string): Promise<readonly string[]> {
    const { volumes } = await this.#parts.storage.list();
    return volumes.filter((volume) => volume.app === app).map(({ name }) => name);
  }
}
