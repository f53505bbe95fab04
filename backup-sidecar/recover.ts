import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { v7 as uuid } from "uuid";
import { systemClock } from "../service/clock.ts";
import { GuardedStorage } from "../storage/keeper/guarded-storage.ts";
import { keeperBeside } from "../storage/open.ts";
import { Documents } from "./engine/documents.ts";
import { SnapshotMemory } from "./engine/snapshot-memory.ts";
import { Pins } from "./engine/pins.ts";
import { Repositories } from "./engine/repositories.ts";
import { Restic } from "./engine/restic.ts";
import { doubtedVersions } from "./history/metadata.ts";
import { connect } from "./repository/target/connect.ts";
import { RestBridge } from "./repository/bridge/rest-bridge.ts";
import { webdavTarget } from "./repository/target/webdav-target.ts";
import { awaitVolumes, recoverCatalog } from "./restore/recovery.ts";
import type { BackupSettings } from "./settings.ts";

export interface RecoverWorld {
  readonly settings: BackupSettings;
  readonly restic: string;
  readonly passwordFile: string;
  readonly print: (text: string) => void;
}

/**
 * `recover`, in the container instead of the service: from the address and the password alone, and an empty directory, the
 * storage again. Nothing is written to the server. Throws `UserError`.
 */
export async function recover(world: RecoverWorld): Promise<void> {
  const { settings, print } = world;
  const root = await realpath(settings.storage.slice("dir://".length));
  const temporary = join(settings.cache, "recover");
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  const target = await webdavTarget(settings.webdav, settings.storageName, () => undefined);
  const connected = await connect(target, { known: null, mayWrite: false });
  const bridge = await RestBridge.listen(connected.remote, { uploadsFailMs: 0 });
  const { restic: program, passwordFile } = world;
  const place = { program, passwordFile, cache: temporary, temporary };
  const restic = new Restic({
    ...place,
    lockHost: `swarmnfs-recover-${process.pid}`,
    memory: null,
  });
  const nothing = new Documents(temporary, ["pins"]);
  const pins = new Pins(nothing, nothing, () => Promise.resolve(null));
  const { remote } = connected;
  const known = { pins, storage: uuid(), clock: systemClock, remembered: new SnapshotMemory() };
  const repositories = new Repositories({ restic, bridge, remote, ...known });
  const tell = (line: string): void => print(`${line}\n`);
  const parts = {
    repositories,
    doubted: (app: string) => doubtedVersions(remote, app),
    root,
    tell,
  };
  const url = settings.storage;
  const options = { url, path: root, trashDays: 30, makeRoot: false };
  const storage = new GuardedStorage(options, { keeper: keeperBeside() });
  try {
    await recoverCatalog(parts);
    await storage.open(null);
    const without = await awaitVolumes(parts, storage, { id: uuid(), name: settings.node });
    for (const volume of without)
      tell(`! "${volume}" has no version, and is there without its data`);
    tell("Now start the backup service: it fills the volumes. See: swarmnfs backup status");
  } finally {
    await storage.close();
    await bridge.close();
  }
}
