import type { Clock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { didYouMean } from "../../service/nearest.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { TimeKeeper } from "../clock/trusted-time.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { AppStates } from "../engine/app-state.ts";
import type { HeldLease, StorageLease } from "../engine/lease.ts";
import type { Repositories } from "../engine/repositories.ts";
import type { RunWorld } from "../engine/run-world.ts";
import { configsApp, isBackedUp } from "../schedule/job.ts";
import type { BackupSettings } from "../settings.ts";
import type { ViewPlace } from "../source/private-view.ts";
import type { AppHistories } from "../status/app-histories.ts";
import type { AppWorks } from "./app-works.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { StoragePlace } from "./storage-place.ts";
import type { Connection, Target } from "./target.ts";
import type { Versions } from "./versions.ts";

/** What all operations of the service stand on. */
export interface Shared {
  readonly settings: BackupSettings;
  readonly place: StoragePlace;
  readonly views: ViewPlace;
  readonly target: Target;
  readonly lease: StorageLease;
  readonly leases: LeaseKeeper;
  readonly states: AppStates;
  readonly time: TimeKeeper;
  readonly works: AppWorks;
  readonly histories: AppHistories;
  readonly versions: Versions;
  readonly clock: Clock;
  readonly log: Log;
  /** Lets everybody on the storage know what {@link versions} holds now, if this service is in charge. */
  readonly publish: () => Promise<void>;
  /** Repositories as they are reached through a connection. */
  repositories(connection: Connection): Repositories;
  /** What a run stands on, through a connection that may be written to. */
  runWorld(connection: Connection): RunWorld;
}

/** What may be written: the lease, and the server. */
export async function forWriting(
  shared: Shared,
): Promise<{ readonly held: HeldLease; readonly connection: Connection }> {
  const held = await shared.leases.hold();
  return { held, connection: await shared.target.connection(true) };
}

/** An app's repository to be read from; nothing is made or changed anywhere. Throws `not-found` for one that was never made. */
export async function forReading(
  shared: Shared,
  app: string,
  signal?: AbortSignal,
): Promise<AppRepository> {
  // Whoever is in charge makes our place on the server where there is none yet.
  const isInCharge = await shared.leases.hold().then(
    () => true,
    () => false,
  );
  const connection = await shared.target.connection(isInCharge);
  return shared.repositories(connection).open(app, { ...(signal && { signal }) });
}

/** All volumes that are backed up, by app. Throws `unavailable`. */
export async function backedUp(shared: Shared): Promise<Map<string, VolumeRecord[]>> {
  const { volumes } = await shared.place.storage.list();
  return Map.groupBy(volumes.filter(isBackedUp), ({ app }) => app);
}

/** The apps that somebody named, or all. Throws `not-found` that names the nearest one. */
export function chosenApps(asked: readonly string[], known: readonly string[]): readonly string[] {
  if (asked.length === 0) return known.toSorted();
  for (const app of asked) {
    if (known.includes(app)) continue;
    throw new UserError(
      "not-found",
      `there is no app "${app}" with a backup${didYouMean(app, known) || ". See: swarmnfs backup status"}`,
    );
  }
  return [...new Set(asked)];
}

/** Apps that have versions on the server, as far as is known, and those that should have. */
export async function knownApps(shared: Shared): Promise<string[]> {
  const there = Object.values(shared.versions.volumes).map(({ app }) => app);
  const wanted = await backedUp(shared);
  const configs = shared.settings.nfsConfigs ? [configsApp] : [];
  return [...new Set([...wanted.keys(), ...configs, ...there])].toSorted();
}
