import { rfc3339 } from "../../service/clock.ts";
import type { UseRecord } from "../../storage/records/use.ts";
import type { AnswerOf } from "../../storage/swarmnfs/protocol/routes.ts";
import type { Catalog, Storage } from "../../storage/storage.ts";
import { leaseTermMs } from "../../storage/swarmnfs/protocol/lease.ts";
import type { Leases } from "../leases/leases.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { StaticGrants } from "../policy/static-grants.ts";
import { hookCallsFor } from "./hook-calls.ts";
import { seenBy } from "./sight.ts";

/** The catalog for each node: what it may see, once for each change. */
export class CatalogAnswers {
  readonly #storage: Storage;
  readonly #leases: Leases;
  readonly #statics: Pick<StaticGrants, "list">;
  /** Tells this life of the server from others, whose counts begin anew. */
  readonly #life = Date.now().toString(36);
  #last: Catalog | null = null;
  #changes = 0;

  constructor(storage: Storage, leases: Leases, statics: Pick<StaticGrants, "list">) {
    this.#storage = storage;
    this.#leases = leases;
    this.#statics = statics;
  }

  /** Everything, with the leases as uses. */
  async whole(): Promise<Catalog> {
    const catalog = await this.#storage.list();
    const uses = this.#uses();
    const used = Object.entries(uses).map(([name, each]) => [name, each[0]?.seenAt ?? ""] as const);
    return { ...catalog, uses, lastUse: { ...catalog.lastUse, ...Object.fromEntries(used) } };
  }

  async answer(node: LiveNode, seen: string | null): Promise<AnswerOf<"catalog">> {
    const whole = await this.whole();
    // What has not changed is the very same list: the storage sees to that.
    if (whole.volumes !== this.#last?.volumes || whole.apps !== this.#last.apps) this.#changes += 1;
    this.#last = whole;
    const now = `${this.#life}.${this.#changes}`;
    const { volumes, apps } = seenBy(node, whole);
    const visible = new Set(volumes.map(({ name }) => name));
    const uses = only(whole.uses, visible);
    const hookCalls = hookCallsFor(node, whole);
    // Plugins of an earlier release know nothing of these.
    const hooks = hookCalls.length === 0 ? {} : { hookCalls };
    const calls = { rollCalls: [...(whole.rollCalls ?? [])], ...hooks };
    if (seen === now) return { seen: now, uses: copied(uses), catalog: null, ...calls };
    const catalog = {
      volumes: [...volumes],
      apps: [...apps],
      uses: copied(uses),
      usage: only(whole.usage, visible),
      lastUse: only(whole.lastUse, visible),
      lastSnapshot: only(whole.lastSnapshot ?? {}, visible),
      damaged: [...whole.damaged],
    };
    return { seen: now, uses: catalog.uses, catalog, ...calls };
  }

  /** The past of what the node may see, and of the storage as a whole. */
  async review(node: LiveNode, since: string): Promise<AnswerOf<"review">> {
    const [catalog, review] = await Promise.all([
      this.#storage.list(),
      this.#storage.review(since),
    ]);
    const { apps, volumes } = seenBy(node, catalog);
    const visible = new Set(volumes.map(({ name }) => name));
    const { backup } = review;
    return {
      days: review.days.map((day) => ({ ...day })),
      volumes: Object.fromEntries(
        Object.entries(review.volumes).flatMap(([name, bytes]) =>
          visible.has(name) ? [[name, [...bytes]]] : [],
        ),
      ),
      backup: backup && {
        ...backup,
        volumes: only(backup.volumes, visible),
        drills: only(backup.drills, new Set(apps.map(({ app }) => app))),
      },
    };
  }

  /** Who has which of the volumes that the node may see. */
  async leases(node: LiveNode): Promise<AnswerOf<"leases">> {
    const { volumes } = seenBy(node, await this.#storage.list());
    const visible = new Set(volumes.map(({ name }) => name));
    return {
      leases: this.#leases
        .list()
        .filter(({ volume, nodeId }) => visible.has(volume) || nodeId === node.id),
      statics: this.#statics.list().filter(({ volume }) => visible.has(volume)),
    };
  }

  /** Leases are what signs of use are elsewhere. */
  #uses(): Record<string, UseRecord[]> {
    const uses = new Map<string, UseRecord[]>();
    for (const lease of this.#leases.list()) {
      const use: UseRecord = {
        schema: 1,
        node: lease.node,
        nodeId: lease.nodeId,
        since: lease.grantedAt,
        seenAt: rfc3339(Date.parse(lease.expiresAt) - leaseTermMs),
        consumers: lease.consumers,
      };
      const others = uses.get(lease.volume);
      if (others === undefined) uses.set(lease.volume, [use]);
      else others.push(use);
    }
    return Object.fromEntries(uses);
  }
}

function only<T>(all: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}

function copied(uses: Catalog["uses"]): Record<string, UseRecord[]> {
  return Object.fromEntries(Object.entries(uses).map(([name, each]) => [name, [...each]]));
}
