import { rfc3339, type Clock } from "../service/clock.ts";
import { UserError } from "../service/user-error.ts";
import type { AppRecord } from "../storage/records/app.ts";
import type { UseRecord } from "../storage/records/use.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import { nodesOf } from "../storage/rules/nodes-of.ts";
import { statusOf } from "../storage/rules/volume-status.ts";
import type { Catalog, StorageHealth } from "../storage/storage.ts";
import type { BodyOf } from "../storage/swarmnfs/protocol/routes.ts";
import type { AppView, Finding, Verb, Verbs, VolumeView } from "../storage/verbs.ts";
import type { Plugin } from "./plugin-client.ts";
import type { StorageServer } from "./server-client.ts";

type Handlers = {
  readonly [V in Verb]: (
    request: Verbs[V]["request"],
    doing: string,
  ) => Promise<Verbs[V]["answer"]>;
};

/** What is known of the storage at one moment. */
interface Known {
  readonly catalog: Catalog;
  readonly health: StorageHealth;
}

const url = "swarmnfs://this storage node";

/**
 * The plugin's verbs where there is no plugin: on the storage node itself, in the server's container, by its control API. So
 * every command works there as well, as an administrator's.
 */
export class StorageSide implements Plugin {
  readonly #server: StorageServer;
  readonly #clock: Clock;

  constructor(server: StorageServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  ask<V extends Verb>(
    verb: V,
    request: Verbs[V]["request"],
    doing: string,
  ): Promise<Verbs[V]["answer"]> {
    return this.#handlers[verb](request, doing);
  }

  async #known(doing: string): Promise<Known> {
    const [{ catalog, uses }, health] = await Promise.all([
      this.#server.ask("catalog", {}, { seen: null }, doing),
      this.#server.ask("health", {}, undefined, doing),
    ]);
    if (catalog === null) throw new Error("a first list was called unchanged");
    return { catalog: { ...catalog, uses }, health };
  }

  #view(record: VolumeRecord, { catalog, health }: Known): VolumeView {
    const uses = usesOf(catalog, record.name);
    const usage = catalog.usage[record.name] ?? null;
    const status = statusOf({
      record,
      app: catalog.apps.find(({ app }) => app === record.app) ?? null,
      storage: url,
      here: {
        state: uses.length > 0 ? "mounted" : "idle",
        since: uses.map(({ since }) => since).toSorted()[0] ?? null,
      },
      trouble: null,
      health,
      healthSince: rfc3339(this.#clock.now()),
      usage,
      lastUse: catalog.lastUse[record.name] ?? null,
      lastSnapshot: catalog.lastSnapshot?.[record.name] ?? null,
      mountedOn: uses.map(({ node }) => node).toSorted(),
      drift: [],
      warnings: [],
      left: null,
      damage: null,
    });
    return { record, status, uses, usage };
  }

  async #volume(name: string, doing: string): Promise<VolumeView> {
    const known = await this.#known(doing);
    const record = await this.#server.ask("volume", { name }, undefined, doing);
    return this.#view(record, known);
  }

  readonly #handlers: Handlers = {
    Examine: async (body, doing) => ({
      ...(await this.#server.ask("examine", {}, body, doing)),
      users: null,
    }),
    Adopt: async ({ path, app, volume }, doing) => {
      const body = { path, name: volume, options: { app } };
      await this.#server.ask("adoptVolume", {}, body, doing);
      return this.#volume(volume, doing);
    },
    Status: async (_, doing) => {
      const { catalog, health } = await this.#known(doing);
      const { id, version } = await this.#server.ask("storage", {}, undefined, doing);
      return {
        version,
        node: "storage node",
        nodeId: id,
        storage: url,
        storageId: id,
        health,
        trouble: null,
        docker: { state: "off", driver: null },
        volumes: catalog.volumes.length,
        mounted: catalog.volumes.filter(({ name }) => usesOf(catalog, name).length > 0).length,
        damaged: catalog.damaged,
      };
    },
    Volumes: async ({ drift = false }, doing) => {
      if (drift) throw elsewhere("what Docker was asked for");
      const known = await this.#known(doing);
      return { volumes: known.catalog.volumes.map((record) => this.#view(record, known)) };
    },
    Volume: ({ name }, doing) => this.#volume(name, doing),
    SetVolume: async ({ name, change }, doing) => {
      const body = structuredClone(change) as BodyOf<"changeVolume">;
      await this.#server.ask("changeVolume", { name }, body, doing);
      return this.#volume(name, doing);
    },
    CloneVolume: async ({ name, as }, doing) => {
      const body = { name: as, options: { from: name } };
      await this.#server.ask("createVolume", {}, body, doing);
      return this.#volume(as, doing);
    },
    RemoveVolume: async ({ name }, doing) => ({
      outcome: await this.#server.ask("removeVolume", { name }, undefined, doing),
    }),
    Nodes: async (_, doing) => {
      const [{ nodes }, { catalog }] = await Promise.all([
        this.#server.ask("nodes", {}, undefined, doing),
        this.#known(doing),
      ]);
      const uses = { uses: (name: string) => usesOf(catalog, name) };
      return { nodes: nodesOf(nodes, catalog.volumes, uses) };
    },
    Leases: (_, doing) => this.#server.ask("leases", {}, undefined, doing),
    Apps: async (_, doing) => {
      const { catalog } = await this.#known(doing);
      const volumes = Map.groupBy(catalog.volumes, ({ app }) => app);
      return {
        apps: catalog.apps.map((app) =>
          appView(app, { ...catalog, volumes: volumes.get(app.app) ?? [] }),
        ),
      };
    },
    App: async ({ app }, doing) => {
      const record = await this.#server.ask("app", { name: app }, undefined, doing);
      return appView(record, (await this.#known(doing)).catalog);
    },
    SetApp: async ({ app, change }, doing) => {
      const body = structuredClone(change) as BodyOf<"changeApp">;
      const record = await this.#server.ask("changeApp", { name: app }, body, doing);
      return appView(record, (await this.#known(doing)).catalog);
    },
    Review: async ({ since }, doing) => {
      const { catalog } = await this.#known(doing);
      const review = await this.#server.ask("review", {}, { since }, doing);
      const wanted = { scope: "none", by: {} } as const;
      return { ...review, lastUse: catalog.lastUse, wanted, labels: {}, slow: [] };
    },
    RemoveUnused: async ({ name, id, lastUse }, doing) => {
      const { catalog } = await this.#known(doing);
      const record = catalog.volumes.find((each) => each.name === name);
      const isSame = record?.id === id && catalog.lastUse[name] === (lastUse ?? undefined);
      if (!isSame || usesOf(catalog, name).length > 0)
        throw new UserError("in-use", `"${name}" is in use by now, or not the volume it was`);
      return { outcome: await this.#server.ask("removeVolume", { name }, undefined, doing) };
    },
    Staging: () => Promise.reject(sweptByItself()),
    RemoveStaging: () => Promise.reject(sweptByItself()),
    DockerWaste: () => Promise.reject(elsewhere("Docker's waste")),
    RemoveWaste: () => Promise.reject(elsewhere("Docker's waste")),
    Trash: async (_, doing) => this.#server.ask("trash", {}, undefined, doing),
    Undelete: async ({ entry, as }, doing) => {
      const { name } = await this.#server.ask("undelete", {}, { entry, as }, doing);
      return this.#volume(name, doing);
    },
    Purge: async ({ entries }, doing) =>
      this.#server.ask("purge", {}, { entries: [...entries] }, doing),
    Join: () => Promise.reject(elsewhere("joining")),
    Doctor: async (_, doing) => {
      const health = await this.#server.ask("health", {}, undefined, doing);
      return { findings: findingsOf(health) };
    },
    ExamineCluster: () => Promise.reject(elsewhere("examining all nodes")),
    ClusterExamination: () => Promise.reject(elsewhere("examining all nodes")),
  };
}

function usesOf(catalog: Catalog, volume: string): readonly UseRecord[] {
  return catalog.uses[volume] ?? [];
}

function appView(record: AppRecord, catalog: Catalog): AppView {
  const volumes = catalog.volumes.filter(({ app }) => app === record.app).map(({ name }) => name);
  const counted = volumes.flatMap((name) => catalog.usage[name] ?? []);
  const used = counted.reduce((sum, { bytes }) => sum + bytes, 0);
  return { record, volumes: volumes.toSorted(), used: counted.length === 0 ? null : used };
}

function findingsOf({ state, notes }: StorageHealth): readonly Finding[] {
  const level = state === "ok" || state === "nearly-full" ? "warning" : "problem";
  if (notes.length === 0) return [{ level: "ok", title: "the storage node is well" }];
  return notes.map((note): Finding => ({ level, title: note }));
}

function sweptByItself(): UserError {
  return new UserError(
    "unsupported",
    "nothing has to be cleaned up in staging here: the storage node sweeps by itself what was given up a day ago",
  );
}

/** What is not to be had here. */
export function elsewhere(what: string): UserError {
  return new UserError(
    "unsupported",
    `${what} is a matter of nodes with the plugin, and this is the storage node. Try again on a node`,
  );
}
