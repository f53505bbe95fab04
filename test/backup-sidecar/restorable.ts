import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { pino } from "pino";
import type { AppRepository } from "../../backup-sidecar/engine/app-repository.ts";
import type { HeldLease } from "../../backup-sidecar/engine/lease.ts";
import { tags } from "../../backup-sidecar/engine/snapshot.ts";
import type { RestorableStorage } from "../../backup-sidecar/restore/restore-work.ts";
import type { RestorerParts } from "../../backup-sidecar/restore/version-restorer.ts";
import { VersionRestorer } from "../../backup-sidecar/restore/version-restorer.ts";
import { lookAtSource } from "../../backup-sidecar/source/source-look.ts";
import { sourceView } from "../../backup-sidecar/source/source-view.ts";
import { topTag } from "../../backup-sidecar/source/top-directory.ts";
import { rfc3339 } from "../../service/clock.ts";
import type { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import type { BackupStatus } from "../../storage/records/backup-status.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { create, node1 } from "../storage/conformance.ts";
import { directoryStorage } from "../storage/places.ts";
import { BackedUp, type Service } from "./engine/backed-up.ts";

/** A real storage whose volumes are saved by a real restic to a server that is a directory, and come back from there. */
export class Restorable {
  readonly place: BackedUp;
  readonly service: Service;
  readonly storage: DirectoryStorage;
  readonly #lease: HeldLease;

  private constructor(
    place: BackedUp,
    service: Service,
    storage: DirectoryStorage,
    lease: HeldLease,
  ) {
    this.place = place;
    this.service = service;
    this.storage = storage;
    this.#lease = lease;
  }

  /** With a volume "blog_data" of app "blog", which is empty. */
  static async begin(t: ExecutionContext, given?: BackedUp): Promise<Restorable> {
    const place = given ?? (await BackedUp.begin(t));
    await rm(join(place.storage, ".swarmnfs"), { recursive: true });
    const storage = directoryStorage(place.storage);
    await storage.open(null);
    const service = await place.service();
    const lease = await service.lease.acquire();
    t.teardown(() => lease.release().catch(() => undefined));
    await create(storage, "blog_data", { app: "blog" });
    return new Restorable(place, service, storage, lease);
  }

  folder(volume: string, app = "blog"): string {
    return this.place.folder(app, volume);
  }

  get views(): { readonly root: string; readonly mountPoint: string } {
    return { root: this.place.storage, mountPoint: join(this.place.top, "view") };
  }

  repository(app = "blog"): Promise<AppRepository> {
    return this.service.repositories.open(app, { lease: this.#lease });
  }

  async record(volume: string): Promise<VolumeRecord> {
    const record = await this.storage.get(volume);
    if (record === null) throw new Error(`there is no volume ${volume}`);
    return record;
  }

  /** Saves a volume as of a moment, and lets everybody know. Returns the snapshot's id. */
  async save(volume: string, at: string): Promise<string> {
    const record = await this.record(volume);
    const view = sourceView(this.views, record);
    const look = await lookAtSource(view);
    if (look.kind !== "there") throw new Error(look.reason);
    const repository = await this.repository(record.app);
    const { snapshot } = await repository.backup(view, {
      host: volume,
      tags: [tags.ours, topTag(look.top)],
      time: Date.parse(at),
    });
    await this.tell();
    return snapshot;
  }

  async versions(): Promise<BackupStatus["volumes"]> {
    const volumes: BackupStatus["volumes"] = {};
    for (const snapshot of await (await this.repository()).snapshots()) {
      const known = (volumes[snapshot.volume] ??= { app: "blog", snapshots: [], lastGood: null });
      known.snapshots.push(rfc3339(snapshot.time));
    }
    return volumes;
  }

  /** What the service writes every minute. */
  async tell(): Promise<void> {
    const folder = join(this.place.storage, ".swarmnfs/backup");
    await mkdir(folder, { recursive: true });
    const volumes = await this.versions();
    const seenAt = rfc3339(Date.now());
    const status = { schema: 1, node: "node1", version: "1", seenAt, volumes };
    await writeFile(join(folder, "status.json"), JSON.stringify(status));
  }

  /** The storage, as if so many bytes were free. */
  withRoom(free: number): RestorableStorage {
    const { storage } = this;
    return {
      get: (name) => storage.get(name),
      list: () => storage.list(),
      create: (request, by) => storage.create(request, by),
      remove: (name, by) => storage.remove(name, by),
      beginRestore: async (...args) => ({ ...(await storage.beginRestore(...args)), free }),
      noteRestore: (...args) => storage.noteRestore(...args),
      finishRestore: (...args) => storage.finishRestore(...args),
      abandonRestore: (...args) => storage.abandonRestore(...args),
    };
  }

  restorer(parts: Partial<RestorerParts> = {}): VersionRestorer {
    return new VersionRestorer({
      storage: this.storage,
      place: this.views,
      node: node1,
      open: (app) => this.repository(app),
      versions: () => this.versions(),
      log: pino({ enabled: false }),
      ...parts,
    });
  }
}
