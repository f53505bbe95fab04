import type { IncomingMessage, ServerResponse } from "node:http";
import type { HookEngine } from "../service/hooks/hook-engine.ts";
import type { Log } from "../service/log.ts";
import { statusOf } from "../storage/rules/volume-status.ts";
import type { VolumeRecord } from "../storage/records/volume.ts";
import { Filler } from "../storage/filler.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import type { VolumeStatus } from "../storage/verbs.ts";
import { administration } from "./administration.ts";
import { beginCluster, type ClusterWorld } from "./cluster/begin-cluster.ts";
import { createApi, type Arrivals } from "./api.ts";
import { Attachments } from "./attachments.ts";
import { beginBench, type MakeThrowAway } from "./benchmark/begin-bench.ts";
import { Passes } from "./benchmark/passes.ts";
import { CatalogCopy } from "./catalog-copy.ts";
import { Consumers } from "./consumers.ts";
import { Drift } from "./drift.ts";
import { Driver } from "./driver.ts";
import type { Engine } from "./engine.ts";
import { Gate } from "./gate.ts";
import { Grants } from "./grants.ts";
import type { Mounter } from "./mounter.ts";
import { Guard } from "./guard/guard.ts";
import { GuardedMounter } from "./guard/guarded-mounter.ts";
import type { PacketFilter } from "./guard/packet-filter.ts";
import { beginHooks } from "./hooks/begin-hooks.ts";
import { LeaseDuties } from "./lease-duties.ts";
import { leftServer } from "./left-server.ts";
import { liveHolders } from "./live-holders.ts";
import { LiveUsage } from "./live-usage.ts";
import { PluginMetrics, type PluginView } from "./metrics/metrics.ts";
import { slowest } from "./metrics/slowest.ts";
import { type KernelTables, viewOf } from "./metrics/source.ts";
import { MountAttempts } from "./mount-attempts.ts";
import { MountTable } from "./mount-table.ts";
import { Mounts } from "./mounts.ts";
import { NodeState } from "./node-identity.ts";
import { Reconciler } from "./reconciler.ts";
import { beginReporting } from "./reporting.ts";
import { Revival } from "./revival.ts";
import { startRounds } from "./rounds.ts";
import type { Settings } from "./settings.ts";
import { StorageWatch } from "./storage-watch.ts";
import { beginTelling } from "./telling.ts";
import { beginCleaning } from "./waste/cleaning.ts";
import type { WasteBin } from "./waste/waste-bin.ts";
import { beginTransfers, usersOfDirectories } from "./transfer/begin-transfers.ts";
import type { TransferEngine } from "./transfer/transfer-engine.ts";
import { createVerbsApi } from "./verbs-api.ts";
import { createWorksApi } from "./works-api.ts";

/** How long Docker waits at its creation for a volume that begins as a copy, in milliseconds: by reflink that is enough. */
const fillBoundMs = 4_000;

/** The world the plugin lives in: every effect it has is one of these. */
export interface World {
  readonly settings: Settings;
  /** Not before this node knows who it is: a server must never see it under another name. */
  readonly storage: (node: NodeIdentity) => Storage;
  readonly mounter: Mounter;
  readonly packetFilter: PacketFilter;
  readonly kernel: KernelTables;
  /** Null: no Docker socket. */
  readonly engine: Engine | null;
  /** What containers ask for around a backup is done through it; absent: nothing is. */
  readonly hookEngine?: HookEngine;
  /** What its engine does not need any more; absent where there is none. */
  readonly waste?: WasteBin;
  /** Absent: it runs no containers of its own. */
  readonly throwAway?: MakeThrowAway;
  /** Absent: nor such that copy data. */
  readonly transfers?: TransferEngine;
  /** Tells one boot of the kernel from another. */
  readonly boot: string;
  /** Milliseconds a volume stays mounted after its last holder left. */
  readonly lingerMs: number;
  /** How long Docker may wait for an answer about an unknown name, in milliseconds. */
  readonly lookupBoundMs: number;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps; `performance.now()` unless given. */
  readonly monotonic?: () => number;
  /** How nodes are examined; as usual unless given. */
  readonly cluster?: Partial<ClusterWorld>;
}

/** A plugin that is put together; it listens to nothing by itself. */
export interface Plugin {
  /** `arrivedAt` is `performance.now()` of the request's arrival, from which its deadline counts. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, arrivedAt: number) => void;
  /** One comparison of the mount table with the engine, as it happens every minute. */
  reconcile(): Promise<void>;
  /** This node's numbers in Prometheus' text format. Asks neither the storage nor the engine. */
  metrics(): Promise<string>;
  /** Ends what happens by itself and writes down what is not on disk. Mounts stay: containers use them. */
  stop(): Promise<void>;
}

/** Takes over what an earlier run left in the state directory and on the mount points, and begins its rounds. */
export async function assemble(world: World): Promise<Plugin> {
  const { settings, mounter, engine, log } = world;
  const onDamage = (setAside: string, reason: string): void =>
    log.error(
      { setAside, reason },
      "a state file could not be read; it is set aside and made anew",
    );

  const nodeState = await NodeState.open(settings.state, settings.node, onDamage);
  const node = nodeState.identity;
  const storage = world.storage(node);
  const grants = await Grants.open(settings.state, onDamage);
  const table = await MountTable.open(settings.state, world.boot, onDamage, world.monotonic);
  const catalog = new CatalogCopy(settings.state);
  await catalog.load();

  const watch = new StorageWatch(storage, nodeState, catalog, log);
  // At once: on a new node this is how it joins, and the first containers may be waiting for it.
  void watch.look();
  const consumers = engine === null ? null : new Consumers(engine);
  const drift = engine === null ? null : new Drift(engine);
  const revival = engine === null || !settings.restart ? null : new Revival(engine, log);
  const guard = new Guard({
    filter: world.packetFilter,
    enabled: settings.guard,
    server: () => storage.server,
    rows: () => table.rows(),
    // Whoever may mount an export may do so at any time. Ours asks for a lease, which is there before the mount, and
    // after it while the server cannot be told that it is given back.
    always: /^(nfs|swarmnfs):/i.test(settings.storage),
    log,
    ...(world.monotonic && { monotonic: world.monotonic }),
  });
  const metrics = new PluginMetrics();
  const attempts = new MountAttempts(
    (ms, outcome) => metrics.mounted(ms, outcome),
    world.monotonic,
  );
  const mounts = new Mounts({
    table,
    mounter: new GuardedMounter(mounter, guard),
    attachments: new Attachments(storage, node, log, world.monotonic),
    holders: liveHolders(consumers),
    lingerMs: world.lingerMs,
    attempted: attempts,
    log,
  });
  await mounts.adopt();
  const passes = new Passes();
  const gate = new Gate({
    passes,
    consumers,
    grants,
    catalog,
    storage,
    node,
    rootServices: settings.rootServices,
    trustNode: settings.withoutDocker === "trust-node",
    log,
  });
  const usage = new LiveUsage(storage, catalog);
  const filler = new Filler({
    storage,
    node,
    onChange(record) {
      // It may have been removed meanwhile.
      if (catalog.volume(record.name)?.id === record.id) catalog.put(record);
    },
    log,
    ...(world.monotonic && { monotonic: world.monotonic }),
  });
  const driver = new Driver({
    catalog,
    storage,
    mounts,
    gate,
    grants,
    node,
    defaults: settings.defaultOptions,
    status,
    count: (volume) => usage.refresh(volume),
    opened: () => watch.opened(),
    lookupBoundMs: world.lookupBoundMs,
    fill: (volume) => filler.begin(volume, fillBoundMs),
    onStorageFailure: (volume) => {
      revival?.note(volume);
      void watch.look();
    },
    log,
  });
  const reconciler =
    engine === null || consumers === null
      ? null
      : new Reconciler({ engine, consumers, mounts, table, gate, catalog, log });

  const life = new AbortController();
  const { signal } = life;
  storage.attend?.(new LeaseDuties({ mounts, catalog, watch, engine, consumers, log, signal }));
  const fill = (): Promise<void> => filler.round(catalog.volumes());
  const hooks = await beginHooks({ ...world, watch, onDamage, storage, node, catalog });
  startRounds(
    { storage, watch, mounts, node, guard, hooks, fill, reconciler, drift, revival, log },
    signal,
  );

  await beginTelling(
    { settings, storage, watch, guard, attempts, catalog, node: nodeState, log },
    signal,
  );

  const nfsVersion = (): Promise<string | null> => mounter.nfsVersion(settings.wholeStorage);
  const examined = { storage, watch, catalog, node: nodeState, mounts, guard, engine, nfsVersion };
  const cluster = beginCluster({ ...examined, driver, world: world.cluster ?? {}, log }, signal);

  const view = (): Promise<PluginView> =>
    viewOf({ storage, catalog, mounts, attempts, watch, guard, kernel: world.kernel });

  const arrivals: Arrivals = new WeakMap();
  const handlers = administration({
    ...examined,
    ...usersOfDirectories(settings.storage, world.transfers),
    waste: world.waste ?? null,
    slow: async () => slowest((await view()).traffic),
    driver,
    watch,
    catalog,
    mounts,
    node: nodeState,
    engine,
    drift,
    cluster,
    reconcile: reconciler === null ? null : () => reconciler.round(),
    status,
    log,
  });
  beginReporting({ settings, storage, watch, node, verbs: handlers, log }, signal);
  const waste = world.waste ?? null;
  await beginCleaning({ settings, waste, storage, watch, node, metrics, onDamage, log }, signal);
  const works = {
    Bench: await beginBench(
      {
        directory: settings.state,
        makeThrowAway: world.throwAway ?? null,
        storage,
        node,
        driver,
        catalog,
        watch,
        passes,
        status,
        engine,
        onDamage,
        log,
      },
      signal,
    ),
    ...beginTransfers({ ...examined, node, driver, passes, transfers: world.transfers, log }),
  };
  const ours = createVerbsApi(handlers, log).use(createWorksApi(works, log));
  const api = createApi(driver, ours, arrivals, log);
  log.info({ volumes: catalog.volumes().length, mounted: mounts.rows().length }, "ready");

  return {
    answer(request, response, arrivedAt) {
      arrivals.set(request, arrivedAt);
      // What happened elsewhere should show up soon after somebody asks, without anybody waiting for it.
      if (request.url === "/VolumeDriver.List") watch.lookIfOlderThan(5_000);
      if (request.url === "/VolumeDriver.Get") watch.lookIfOlderThan(30_000);
      api(request, response);
    },
    reconcile: async () => reconciler?.round(),
    metrics: async () => metrics.text(await view()),
    async stop() {
      life.abort();
      mounts.stop();
      await hooks.stop();
      await Promise.allSettled([guard.stop(), table.save(), catalog.saved(), storage.close()]);
    },
  };

  function status(record: VolumeRecord): VolumeStatus {
    const elsewhere = catalog.uses(record.name).filter((use) => use.nodeId !== node.id);
    const isHere = mounts.row(record.name) !== null;
    return statusOf({
      record,
      app: catalog.app(record.app),
      storage: settings.storage,
      here: mounts.state(record.name),
      trouble: watch.trouble,
      health: watch.health,
      healthSince: watch.healthSince,
      usage: catalog.usage(record.name),
      lastUse: catalog.lastUse(record.name),
      lastSnapshot: catalog.lastSnapshot(record.name),
      mountedOn: [...(isHere ? [node.name] : []), ...elsewhere.map((use) => use.node)].toSorted(),
      drift: drift?.of(record) ?? [],
      warnings: guard.warning === null ? [] : [guard.warning],
      left: leftServer(mounts.row(record.name), storage.server),
      damage:
        catalog.damaged.find(({ file }) => file.endsWith(`/${record.name}.json`))?.reason ?? null,
    });
  }
}
