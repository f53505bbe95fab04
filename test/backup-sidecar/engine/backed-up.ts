import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { v7 as uuid } from "uuid";
import { Documents } from "../../../backup-sidecar/engine/documents.ts";
import { SnapshotMemory } from "../../../backup-sidecar/engine/snapshot-memory.ts";
import { StorageLease, type HeldLease } from "../../../backup-sidecar/engine/lease.ts";
import { Pins, type ToldPin } from "../../../backup-sidecar/engine/pins.ts";
import { Repositories } from "../../../backup-sidecar/engine/repositories.ts";
import type { RepositoryWorld } from "../../../backup-sidecar/engine/repository-world.ts";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";
import { sourceView, type SourceView } from "../../../backup-sidecar/source/source-view.ts";
import { systemClock } from "../../../service/clock.ts";
import { volumeRecordSchema, type VolumeRecord } from "../../../storage/records/volume.ts";
import { startApache } from "../servers/apache.ts";
import { startNodeDav } from "../servers/node-dav.ts";
import { resticOfTheImage } from "../restic.ts";
import { openDav, type Dav } from "./dav.ts";
import { LocalServer } from "./local-server.ts";

/** A storage with volumes, a backup server that is a directory, and a service's own places; gone with the test. */
export class BackedUp {
  readonly top: string;
  readonly #t: ExecutionContext;
  readonly server: LocalServer;
  /** A real server instead: `remote` and `bridge` speak to it. */
  dav: Dav | null = null;
  told: ToldPin | null = null;

  private constructor(t: ExecutionContext, top: string) {
    this.#t = t;
    this.top = top;
    this.server = new LocalServer(path.join(top, "server"));
  }

  static async begin(t: ExecutionContext): Promise<BackedUp> {
    const top = await realpath(await mkdtemp(path.join(tmpdir(), "swarmnfs-backup-")));
    t.teardown(() => rm(top, { recursive: true, force: true }));
    const place = new BackedUp(t, top);
    for (const folder of ["storage/.swarmnfs", "server", "view", "state"])
      await mkdir(path.join(top, folder), { recursive: true });
    await place.password("correct horse");
    return place;
  }

  /** With Apache as backup server, reached through the bridge. */
  static async withApache(t: ExecutionContext): Promise<BackedUp> {
    const place = await BackedUp.begin(t);
    const folder = path.join(place.top, "apache");
    await mkdir(folder);
    await chmod(place.top, 0o755);
    const server = await startApache({ folder });
    t.teardown(() => server.stop());
    place.dav = await openDav(t, server);
    return place;
  }

  /** With a server of our own, reached through the bridge. */
  static async withBridge(t: ExecutionContext): Promise<BackedUp> {
    const place = await BackedUp.begin(t);
    const folder = path.join(place.top, "dav");
    await mkdir(folder);
    const server = await startNodeDav({ folder });
    t.teardown(() => server.stop());
    place.dav = await openDav(t, server);
    return place;
  }

  /** Where something of the backup server lies on disk. */
  onServer(name: string): string {
    return this.dav === null
      ? this.server.at(name)
      : path.join(this.dav.server.files, this.dav.storage, name);
  }

  get storage(): string {
    return path.join(this.top, "storage");
  }

  async password(text: string): Promise<void> {
    await writeFile(path.join(this.top, "password"), text);
  }

  /** A service with a state directory of its own; the storage and the server are everybody's. */
  async service(
    name = "one",
    overrides: Partial<RepositoryWorld> = {},
    root = this.storage,
  ): Promise<Service> {
    const own = path.join(this.top, "state", name);
    for (const folder of ["cache", "tmp", "own"])
      await mkdir(path.join(own, folder), { recursive: true });
    const lockHost = `swarmnfs-${name}-${uuid().slice(-6)}`;
    const restic = new Restic({
      program: await resticOfTheImage(),
      passwordFile: path.join(this.top, "password"),
      cache: path.join(own, "cache"),
      temporary: path.join(own, "tmp"),
      lockHost,
      memory: null,
    });
    const world: RepositoryWorld = {
      restic,
      bridge: this.dav?.bridge ?? this.server,
      remote: this.dav?.remote ?? this.server,
      remembered: new SnapshotMemory(),
      pins: new Pins(
        new Documents(root, [".swarmnfs", "backup", "pins"]),
        new Documents(path.join(own, "own"), ["pins"]),
        async () => this.told,
      ),
      storage: "018f0000-0000-7000-8000-000000000001",
      clock: systemClock,
      ...overrides,
    };
    const me = { id: uuid(), node: name, lockHost };
    const lease = new StorageLease(root, me, systemClock);
    const hold = async (): Promise<HeldLease> => {
      const held = await lease.acquire();
      this.#t.teardown(() => held.release());
      return held;
    };
    return { world, repositories: new Repositories(world), lease, hold, lockHost };
  }

  /** A volume of an app, with files in it: `[name, bytes]`. */
  async volume(
    app: string,
    name: string,
    files: readonly (readonly [string, number])[],
  ): Promise<VolumeRecord> {
    const folder = this.folder(app, name);
    await mkdir(folder, { recursive: true });
    for (const [file, size] of files) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), randomBytes(size));
    }
    return recordOf(app, name);
  }

  folder(app: string, name: string): string {
    return path.join(this.storage, "apps", app, name);
  }

  view(volume: VolumeRecord): SourceView {
    return sourceView({ root: this.storage, mountPoint: path.join(this.top, "view") }, volume);
  }
}

export interface Service {
  readonly world: RepositoryWorld;
  readonly repositories: Repositories;
  readonly lease: StorageLease;
  /** Takes the lease until the test ends. */
  readonly hold: () => Promise<HeldLease>;
  readonly lockHost: string;
}

function recordOf(app: string, name: string): VolumeRecord {
  return volumeRecordSchema.parse({
    schema: 1,
    revision: 1,
    id: uuid(),
    name,
    app,
    options: {},
    services: null,
    hosts: null,
    access: "shared",
    owner: { uid: 0, gid: 0, mode: 0o755 },
    squash: null,
    size: null,
    onRemove: "archive",
    backup: "default",
    mirror: null,
    mountOptions: [],
    root: false,
    fsid: 1,
    fill: null,
    state: "ready",
    createdAt: "2026-01-01T00:00:00Z",
    createdBy: "node1",
  });
}
