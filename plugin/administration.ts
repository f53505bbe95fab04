import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import { version } from "../service/version.ts";
import type { AppRecord } from "../storage/records/app.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import type { Storage } from "../storage/storage.ts";
import { nodesOf } from "../storage/rules/nodes-of.ts";
import { parseOptions } from "../storage/rules/options.ts";
import type {
  AppView,
  PluginStatus,
  VolumeStatus,
  VolumeView,
  SlowVolume,
} from "../storage/verbs.ts";
import { Call } from "./call.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import { examine } from "./doctor.ts";
import type { ClusterExaminations } from "./cluster/cluster-examination.ts";
import type { Drift } from "./drift.ts";
import type { Driver } from "./driver.ts";
import type { Engine } from "./engine.ts";
import type { Guard } from "./guard/guard.ts";
import type { Mounts } from "./mounts.ts";
import type { NodeState } from "./node-identity.ts";
import type { StorageWatch } from "./storage-watch.ts";
import type { VerbHandlers } from "./verbs-api.ts";
import { removeUnused } from "./unused-removal.ts";
import type { WasteBin } from "./waste/waste-bin.ts";
import { labelsOf, wantedVolumes } from "./wanted-volumes.ts";

export interface AdministrationParts {
  readonly storage: Storage;
  readonly driver: Driver;
  readonly watch: StorageWatch;
  readonly catalog: CatalogCopy;
  readonly mounts: Mounts;
  readonly node: NodeState;
  readonly engine: Engine | null;
  readonly drift: Drift | null;
  readonly guard: Guard;
  /** Holds the mounts against what the engine says, as it happens every minute; null where there is no engine. */
  readonly reconcile: (() => Promise<void>) | null;
  readonly nfsVersion: () => Promise<string | null>;
  /** Volumes whose reads and writes take long on this node, the slowest first. */
  readonly slow: () => Promise<readonly SlowVolume[]>;
  /** Null where there is no engine. */
  readonly waste: WasteBin | null;
  readonly status: (record: VolumeRecord) => VolumeStatus;
  /** Containers of this node that have a directory of the storage mounted, as far as that can be known. */
  readonly usersOf?: (path: string) => Promise<readonly string[] | null>;
  readonly cluster: ClusterExaminations;
  readonly log: Log;
}

/** What the `swarmnfs` command may ask of the plugin. Every change is an audit line. */
export function administration(parts: AdministrationParts): VerbHandlers {
  const { storage, watch, catalog, mounts, node, engine, drift, status, log } = parts;

  function view(record: VolumeRecord): VolumeView {
    return {
      record,
      status: status(record),
      uses: catalog.uses(record.name),
      usage: catalog.usage(record.name),
    };
  }

  function appView(
    record: AppRecord,
    volumes: readonly VolumeRecord[] = catalog.volumes().filter(({ app }) => app === record.app),
  ): AppView {
    const counted = volumes.flatMap(({ name }) => catalog.usage(name) ?? []);
    return {
      record,
      volumes: volumes.map(({ name }) => name).toSorted(),
      used: counted.length === 0 ? null : counted.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  async function pluginStatus(): Promise<PluginStatus> {
    return {
      version,
      node: node.identity.name,
      nodeId: node.identity.id,
      storage: storage.url,
      storageId: watch.id,
      health: watch.health,
      trouble: watch.trouble,
      docker: await dockerState(engine),
      volumes: catalog.volumes().length,
      mounted: catalog.volumes().filter(({ name }) => mounts.isMounted(name)).length,
      damaged: catalog.damaged,
      warnings: parts.guard.warning === null ? [] : [parts.guard.warning],
    };
  }

  return {
    async Status() {
      await watch.look();
      return pluginStatus();
    },
    async Volumes(request) {
      await watch.look();
      if (request.drift) await drift?.refresh();
      const views = catalog.volumes().map(view).toSorted(byName);
      return {
        volumes: request.drift
          ? views.filter(({ status: { drift: found } }) => found !== undefined)
          : views,
      };
    },
    async Volume({ name }) {
      await watch.look();
      const record = known(catalog.volume(name), "volume", name);
      if (watch.trouble === null && record.state === "ready" && !record.root) {
        catalog.putUsage(name, await storage.usage(name));
      }
      return view(record);
    },
    async SetVolume({ name, change }) {
      const record = await storage.update(name, change, node.identity);
      catalog.put(record);
      log.info({ audit: "set", volume: name, change }, "volume changed");
      return view(record);
    },
    async CloneVolume({ name, as }) {
      await parts.driver.create(as, { from: name });
      log.info({ audit: "clone", volume: as, from: name }, "a copy was asked for");
      return view(known(catalog.volume(as), "volume", as));
    },
    async Examine({ path }) {
      const found = await storage.examine?.(path);
      if (found === undefined) throw noAdoption(storage.url);
      return { ...found, users: (await parts.usersOf?.(path)) ?? null };
    },
    async Adopt({ path, app, volume }) {
      const users = (await parts.usersOf?.(path)) ?? [];
      if (users.length > 0)
        throw new UserError(
          "in-use",
          `"${path}" is mounted by ${users.join(", ")}. End that first: what it writes later would go into the volume`,
        );
      const request = { path, name: volume, options: parseOptions({ app }) };
      const record = await storage.adopt?.(request, node.identity);
      if (record === undefined) throw noAdoption(storage.url);
      catalog.put(record);
      log.info({ audit: "adopt", volume, app, path }, "a directory became a volume");
      await watch.look();
      return view(record);
    },
    async RemoveVolume({ name }) {
      const outcome = await parts.driver.remove(name, new Call(performance.now()));
      log.info({ audit: "remove", volume: name, ...outcome }, "volume removed");
      return { outcome };
    },
    async Nodes() {
      await watch.look();
      return { nodes: nodesOf((await storage.nodes?.()) ?? null, catalog.volumes(), catalog) };
    },
    async Leases() {
      if (storage.grants === undefined)
        throw new UserError(
          "unsupported",
          `${storage.url} gives no leases: any node may mount what the rules allow. Who has what mounted: swarmnfs nodes`,
        );
      return storage.grants();
    },
    async Apps() {
      await watch.look();
      const volumes = Map.groupBy(catalog.volumes(), ({ app }) => app);
      return {
        apps: catalog
          .apps()
          .map((record) => appView(record, volumes.get(record.app) ?? []))
          .toSorted((a, b) => compare(a.record.app, b.record.app)),
      };
    },
    async App({ app }) {
      await watch.look();
      return appView(known(catalog.app(app), "app", app));
    },
    async SetApp({ app, change }) {
      const record = await storage.updateApp(app, change, node.identity);
      catalog.putApp(record);
      log.info({ audit: "set", app, change }, "app changed");
      return appView(record);
    },
    async Review({ since }) {
      await watch.look();
      const [review, wanted, labels, slow] = await Promise.all([
        storage.review(since),
        wantedVolumes(engine),
        labelsOf(engine),
        parts.slow(),
      ]);
      const volumes = catalog.volumes().flatMap(({ name }) => {
        const lastUse = catalog.lastUse(name);
        return lastUse === null ? [] : [[name, lastUse] as const];
      });
      return { ...review, lastUse: Object.fromEntries(volumes), wanted, labels, slow };
    },
    async RemoveUnused(request) {
      const outcome = await removeUnused(parts, request);
      log.info({ audit: "clean", volume: request.name, ...outcome }, "an unused volume removed");
      return { outcome };
    },
    async Staging({ before }) {
      const staging = await storage.staging?.(before);
      if (staging === undefined) throw noStaging(storage.url);
      return { staging };
    },
    async RemoveStaging({ name, before }) {
      if (storage.dropStaging === undefined) throw noStaging(storage.url);
      await storage.dropStaging(name, before);
      log.info({ audit: "clean", kind: "staging", name }, "abandoned staging destroyed");
      return {};
    },
    async DockerWaste({ before }) {
      return { waste: await binOf(parts).find(before) };
    },
    async RemoveWaste({ before, ...waste }) {
      await binOf(parts).remove(waste, before);
      log.info({ audit: "clean", ...waste }, "Docker's waste removed");
      return {};
    },
    async Trash() {
      return { entries: await storage.trash() };
    },
    async Undelete({ entry, as }) {
      const record = await storage.undelete(entry, as, node.identity);
      catalog.put(record);
      log.info({ audit: "undelete", volume: record.name, entry }, "brought back from the trash");
      await watch.look();
      return view(record);
    },
    async Purge({ entries }) {
      const purged = await storage.purge(entries, node.identity);
      log.info({ audit: "purge", purged }, "destroyed for good");
      return { purged };
    },
    async Join({ token }) {
      if (storage.join === undefined)
        throw new UserError(
          "unsupported",
          `nodes do not join ${storage.url}: that is for swarmnfs://, a storage node of ours. Set it first: docker plugin set swarmnfs SWARMNFS_STORAGE=swarmnfs://NAME`,
        );
      await storage.join(token);
      log.info({ audit: "join", storage: storage.url }, "this node has joined the storage node");
      await watch.lookAnew();
      return pluginStatus();
    },
    async Doctor({ fix }) {
      // An engine that is silent is a finding by itself.
      if (fix === true) {
        await parts.reconcile?.().catch(() => undefined);
        await parts.guard.round(true);
      }
      return { findings: await examine(parts) };
    },
    async ExamineCluster() {
      return { id: parts.cluster.begin() };
    },
    async ClusterExamination({ id }) {
      return parts.cluster.state(id);
    },
  };
}

function binOf({ waste }: Pick<AdministrationParts, "waste">): WasteBin {
  if (waste !== null) return waste;
  throw new UserError(
    "unsupported",
    "the plugin of this node speaks to no Docker (SWARMNFS_DOCKER=off), so it cannot clean up there",
  );
}

async function dockerState(engine: Engine | null): Promise<PluginStatus["docker"]> {
  if (engine === null) return { state: "off", driver: null };
  try {
    return { state: "ok", driver: (await engine.identify(2_000)).driver };
  } catch {
    return { state: "silent", driver: null };
  }
}

function byName(a: VolumeView, b: VolumeView): number {
  return compare(a.record.name, b.record.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function known<T>(thing: T | null, what: string, name: string): T {
  if (thing !== null) return thing;
  throw new UserError("not-found", `there is no ${what} "${name}". See: swarmnfs ${what}s`);
}

function noStaging(url: string): UserError {
  return new UserError(
    "unsupported",
    `nothing has to be cleaned up in the staging of ${url}: the storage node sweeps by itself what was given up a day ago`,
  );
}

function noAdoption(url: string): UserError {
  return new UserError("unsupported", `${url} cannot make volumes of directories`);
}
