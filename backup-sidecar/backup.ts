import { join } from "node:path";
import { v7 as uuid } from "uuid";
import type { Clock } from "../service/clock.ts";
import type { Log } from "../service/log.ts";
import type { Tell } from "../service/notifier/telling.ts";
import { TimeKeeper, systemTime } from "./clock/trusted-time.ts";
import type { Commands } from "./control/commands.ts";
import { AppStates } from "./engine/app-state.ts";
import { Documents } from "./engine/documents.ts";
import { type LeaseTimes, StorageLease } from "./engine/lease.ts";
import { PackSize, parsePackSize } from "./engine/pack-size.ts";
import { Pins } from "./engine/pins.ts";
import { Repositories } from "./engine/repositories.ts";
import { SnapshotMemory } from "./engine/snapshot-memory.ts";
import { Restic } from "./engine/restic.ts";
import type { RunWorld } from "./engine/run-world.ts";
import { toldRepository } from "./history/metadata.ts";
import { Mirror } from "./history/mirror.ts";
import { RemoteHistory } from "./history/remote-history.ts";
import { AppWorks } from "./operations/app-works.ts";
import { commandsOf } from "./operations/commands-of.ts";
import { Care } from "./operations/care.ts";
import { Drilling } from "./operations/drilling.ts";
import { LeaseKeeper } from "./operations/lease-keeper.ts";
import { Overview, signOf } from "./operations/overview.ts";
import { Reading } from "./operations/reading.ts";
import { Restoring } from "./operations/restoring.ts";
import { Rounds } from "./operations/rounds.ts";
import { Running } from "./operations/running.ts";
import { SeenHistory } from "./operations/seen-history.ts";
import type { Shared } from "./operations/shared.ts";
import type { StoragePlace } from "./operations/storage-place.ts";
import { type Connection, Target } from "./operations/target.ts";
import { knownVersions } from "./operations/known-versions.ts";
import { Versions } from "./operations/versions.ts";
import type { Traffic } from "./repository/http/traffic.ts";
import { parseKeep } from "./retention/keep.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import type { BackupSettings } from "./settings.ts";
import { configsName } from "./source/configs.ts";
import type { Hooks } from "../service/hooks/hooks.ts";
import { lookAtSource } from "./source/source-look.ts";
import { AppHistories } from "./status/app-histories.ts";
import { SignOfLife } from "./status/sign-of-life.ts";

/** The world the service lives in: every effect it has is one of these. */
export interface BackupWorld {
  readonly settings: BackupSettings;
  readonly environment: NodeJS.ProcessEnv;
  readonly place: StoragePlace;
  /** The program, at least 0.18. */
  readonly restic: string;
  /** The file that holds the repositories' password. */
  readonly passwordFile: string;
  /** An empty directory of ours, below which volumes are shown to restic. */
  readonly views: string;
  /** A directory that exists, for restic's cache and what it puts together. */
  readonly cache: string;
  readonly temporary: string;
  readonly hooks: Hooks;
  /** Tells people of problems. */
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  /** The real ones unless a test is in a hurry. */
  readonly leaseTimes?: LeaseTimes;
}

/** The backup service, put together. It listens to nothing by itself. */
export interface Backup {
  readonly commands: Commands;
  readonly overview: Overview;
  readonly traffic: Traffic;
  /** Begins what happens without being asked for. */
  begin(): void;
  /** Ends everything in order: restic removes its locks, the lease is given back. */
  stop(): Promise<void>;
}

export async function assemble(world: BackupWorld): Promise<Backup> {
  const { settings, place, clock, log, hooks } = world;
  const life = new AbortController();
  const incarnation = uuid();
  const lockHost = `swarmnfs-${incarnation.slice(-12)}`;
  const me = { id: incarnation, node: settings.node, lockHost };
  const lease = new StorageLease(place.root, me, clock, world.leaseTimes);
  const leases = new LeaseKeeper(lease);
  const target = new Target({ settings, root: place.root, clock, log, life: life.signal });
  let connection: Connection | null = null;
  const remoteOffset = (): number | null => connection?.remote.clockOffsetMs() ?? null;
  const time = new TimeKeeper(systemTime(clock, settings.ntpServers, remoteOffset));
  const states = new AppStates(place.root);
  const restic = new Restic({
    program: world.restic,
    passwordFile: world.passwordFile,
    cache: world.cache,
    temporary: world.temporary,
    lockHost,
    memory: null,
    // Whoever limits uploads has a slow line.
    packs: new PackSize(parsePackSize(settings.packSize), settings.webdav.uploadLimit !== "off"),
  });
  const remembered = new SnapshotMemory();
  const versions = new Versions(await knownVersions(place.root));
  const sign = new SignOfLife(place.root);
  const shared: Shared = {
    publish: async () => {
      // Whoever is not in charge is not the one that everybody counts on.
      if (leases.current !== null) await sign.give(signOf(shared));
    },
    settings,
    place,
    views: { root: place.root, mountPoint: join(world.views, "source") },
    target,
    lease,
    leases,
    states,
    time,
    works: new AppWorks(settings.parallel, life.signal),
    histories: new AppHistories(join(settings.state, "backup"), log),
    versions,
    clock,
    log,
    repositories,
    runWorld,
  };
  const running = new Running(shared);
  const care = new Care(shared);
  const drilling = new Drilling(shared);
  const restoring = new Restoring(shared, { id: incarnation, name: settings.node });
  const rounds = new Rounds(shared, {
    running,
    care,
    drilling,
    restoring,
    life: life.signal,
    tell: world.tell,
  });
  const scheduler = new Scheduler(rounds, { ...settings, clock, log });
  const overview = new Overview(shared, (app) => scheduler.next(app));
  const reading = new Reading(shared);
  return {
    overview,
    traffic: target.traffic,
    commands: commandsOf(shared, {
      running,
      care,
      drilling,
      restoring,
      reading,
      overview,
      environment: world.environment,
    }),
    begin: () => rounds.begin(scheduler, overview, hooks),
    async stop() {
      life.abort();
      await shared.works.settled();
      await scheduler.settled();
      await rounds.end();
      await leases.release();
      await target.close();
      await place.storage.close();
    },
  };

  function repositories(current: Connection): Repositories {
    connection = current;
    const { remote, bridge } = current;
    const pins = new Pins(
      new Documents(place.root, [".swarmnfs", "backup", "pins"]),
      new Documents(settings.state, ["backup-pins"]),
      (app, signal) => toldRepository(remote, app, signal),
    );
    return new Repositories({ restic, bridge, remote, remembered, pins, storage: place.id, clock });
  }

  function runWorld(current: Connection): RunWorld {
    const history = new RemoteHistory({
      remote: current.remote,
      storageName: settings.storageName,
      storageId: place.id,
      clock,
      mirror: new Mirror({
        remote: current.remote,
        // Not the catalog, with the storage node's keys: what is copied is not encrypted.
        wants: async (volume) =>
          volume !== configsName && ((await place.storage.get(volume))?.mirror ?? settings.mirror),
        scratch: join(settings.cache, "mirror"),
        log,
      }),
    });
    return {
      repositories: repositories(current),
      lease,
      states,
      time,
      clock,
      hooks,
      history: new SeenHistory(history, shared),
      keep: parseKeep(settings.keep),
      rules: { shrinkLimit: settings.shrinkLimit },
      lockHost,
      look: lookAtSource,
      log,
    };
  }
}
