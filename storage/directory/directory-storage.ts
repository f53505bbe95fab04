import type { Clock } from "../../service/clock.ts";
import { checkVolumeName } from "../rules/names.ts";
import type { AppOwner, AppRecord } from "../records/app.ts";
import { parseAppRecord, parseVolumeRecord } from "../records/parse.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type * as storage from "../storage.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { claimApp, updateApp } from "./apps.ts";
import { attachVolume } from "./attachment.ts";
import { updateVolume } from "./change.ts";
import { concurrently } from "./concurrently.ts";
import { createVolume } from "./creation.ts";
import { explain } from "./file-trouble.ts";
import { checkHealth } from "./health.ts";
import { housekeep, type Tables } from "./housekeeping.ts";
import { Layout } from "./layout.ts";
import {
  initialise,
  makeRoot,
  markerDiffers,
  markerMissing,
  openRoot,
  readMarker,
  type Marker,
} from "./marker.ts";
import type { Parts } from "./parts.ts";
import { RecordFolder } from "./record-folder.ts";
import { notFound, removeVolume } from "./removal.ts";
import { refuseSquashedRoot, squashedRoot } from "./squashed-root.ts";
import { StorageClock } from "./storage-clock.ts";
import { listTrash, purge } from "./trash.ts";
import { undelete } from "./undelete.ts";
import { countVolume, lastUseTable, usageTable } from "./usage.ts";
import { UseSigns } from "./use-signs.ts";

export interface DirectorySettings {
  /** As the administrator wrote it; what messages call the storage. */
  readonly url: string;
  /** Absolute, as this process sees it. Symlinks in it are the administrator's. */
  readonly path: string;
  readonly trashDays: number;
  /** Make the root itself if it is missing and this node never knew the storage. */
  readonly makeRoot: boolean;
  /**
   * It is an export of an NFS server, mounted at `path` for this process alone: root must not be squashed there, and
   * volumes are mounted anew, with all their own mount options.
   */
  readonly nfs?: true;
}

/** Effects that tests and the keeper give. */
export interface DirectoryEffects {
  readonly clock: Clock;
  /** Called between the steps of operations; may throw or not return at all, as a crash would. */
  readonly checkpoint?: (name: string) => Promise<void>;
  /** Called whenever long work got on. */
  readonly progress?: () => void;
}

/** A list, or only what changes all the time if the rest is as it was `seen`. */
export interface Listing {
  /** To be given with the next question; null while things change. */
  readonly seen: string | null;
  readonly uses: storage.Catalog["uses"];
  readonly catalog: storage.Catalog | null;
}

/** Volumes as directories of a file system that every node sees: `dir:///path`. */
export class DirectoryStorage implements storage.Storage {
  readonly url: string;
  readonly #settings: DirectorySettings;
  readonly #parts: Parts;
  readonly #tables: Tables;
  #marker: Marker | null = null;

  constructor(settings: DirectorySettings, effects: DirectoryEffects) {
    const clock = new StorageClock(effects.clock);
    const { checkpoint = async () => {}, progress = () => {} } = effects;
    this.url = settings.url;
    this.#settings = settings;
    this.#tables = { usage: usageTable(clock), lastUse: lastUseTable(clock) };
    this.#parts = {
      url: settings.url,
      clock,
      volumes: new RecordFolder(
        { folder: "volumes", parse: parseVolumeRecord, sameLife: (a, b) => a.id === b.id },
        clock,
        checkpoint,
        progress,
      ),
      apps: new RecordFolder(
        { folder: "apps", parse: parseAppRecord, sameLife: (a, b) => a.createdAt === b.createdAt },
        clock,
        checkpoint,
        progress,
      ),
      uses: new UseSigns(clock),
      trashDays: settings.trashDays,
      bound: settings.nfs !== true,
      checkpoint,
      progress,
    };
  }

  async open(knownId: string | null): Promise<{ readonly id: string }> {
    const { path, url } = this.#settings;
    try {
      if (knownId === null && this.#settings.makeRoot) await makeRoot(path);
      let marker = await this.#readMarker();
      if (marker === null && knownId !== null) throw markerMissing(url);
      if (marker === null) await initialise(path, url, this.#parts.clock.now());
      marker ??= await this.#readMarker();
      if (marker === null) throw markerMissing(url);
      if (knownId !== null && marker.id !== knownId) throw markerDiffers(url, marker.id, knownId);
      this.#marker = marker;
      if (this.#settings.nfs) await this.#run((layout) => refuseSquashedRoot(layout, url));
      return { id: marker.id };
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async list(): Promise<storage.Catalog> {
    const { catalog } = await this.listSince(null);
    if (catalog === null) throw new Error("a first list was called unchanged");
    return catalog;
  }

  /** The catalog, unless nothing but signs of use has changed since a list that was `seen`. */
  listSince(seen: string | null): Promise<Listing> {
    return this.#run(async (layout) => {
      const { volumes, apps } = this.#parts;
      const now = await this.#seen(layout);
      const uses = await this.#parts.uses.all(layout);
      if (seen !== null && seen === now) return { seen, uses, catalog: null };
      const [listed, listedApps] = await Promise.all([volumes.list(layout), apps.list(layout)]);
      const catalog = {
        volumes: listed.records.filter((record) => record.state !== "trashed"),
        apps: listedApps.records,
        uses,
        usage: Object.fromEntries(await this.#tables.usage.read(layout)),
        lastUse: Object.fromEntries(await this.#tables.lastUse.read(layout)),
        damaged: [...listed.damaged, ...listedApps.damaged],
      };
      return { seen: now, uses, catalog };
    });
  }

  get(name: string): Promise<VolumeRecord | null> {
    return this.#run(async (layout) => {
      checkVolumeName(name);
      const record = await this.#parts.volumes.read(layout, name);
      return record?.state === "trashed" ? null : record;
    });
  }

  create(request: storage.CreateRequest, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#run((layout) => createVolume(this.#parts, layout, request, by));
  }

  update(
    name: string,
    change: storage.VolumeChange,
    _by: storage.NodeIdentity,
  ): Promise<VolumeRecord> {
    return this.#run((layout) => updateVolume(this.#parts, layout, checked(name), change));
  }

  remove(name: string, by: storage.NodeIdentity): Promise<storage.RemoveOutcome> {
    return this.#run((layout) => removeVolume(this.#parts, layout, checked(name), by));
  }

  attach(
    name: string,
    by: storage.NodeIdentity,
    consumers: readonly string[],
    id: string | null = null,
  ): Promise<storage.Attachment> {
    return this.#run((layout) =>
      attachVolume(this.#parts, layout, checked(name), id, by, consumers),
    );
  }

  detach(name: string, by: storage.NodeIdentity): Promise<void> {
    return this.#run((layout) => this.#parts.uses.remove(layout, checked(name), by));
  }

  renew(signs: readonly storage.UseSign[], by: storage.NodeIdentity): Promise<void> {
    return this.#run(async (layout) => {
      await concurrently(signs, async (sign) => {
        await this.#parts.uses.write(layout, { ...sign, volume: checked(sign.volume) }, by);
      });
    });
  }

  getApp(app: string): Promise<AppRecord | null> {
    return this.#run((layout) => this.#parts.apps.read(layout, checked(app)));
  }

  updateApp(app: string, change: storage.AppChange, _by: storage.NodeIdentity): Promise<AppRecord> {
    return this.#run((layout) => updateApp(this.#parts, layout, checked(app), change));
  }

  claimApp(app: string, owner: AppOwner): Promise<AppRecord> {
    return this.#run((layout) => claimApp(this.#parts, layout, checked(app), owner));
  }

  usage(name: string): Promise<storage.Usage> {
    return this.#run(async (layout) => {
      const record = await this.#parts.volumes.read(layout, checked(name));
      if (record === null || record.state === "trashed") throw notFound(name, this.url);
      const usage = await countVolume(
        layout,
        record,
        this.#parts.clock.now(),
        this.#parts.progress,
      );
      if (!record.root) await this.#tables.usage.write(layout, new Map([[name, usage]]), null);
      return usage;
    });
  }

  trash(): Promise<readonly storage.TrashEntry[]> {
    return this.#run(listTrash);
  }

  undelete(entry: string, as: string | null, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#run((layout) => undelete(this.#parts, layout, entry, as, by));
  }

  purge(entries: readonly string[], _by: storage.NodeIdentity): Promise<readonly string[]> {
    return this.#run((layout) => purge(this.#parts, layout, entries));
  }

  housekeep(by: storage.NodeIdentity): Promise<storage.HousekeepingReport> {
    return this.#run((layout) => housekeep(this.#parts, layout, this.#tables, by));
  }

  health(): Promise<storage.StorageHealth> {
    return this.#run((layout) => checkHealth(layout, this.#parts.clock));
  }

  async close(): Promise<void> {
    this.#marker = null;
  }

  /** What the folders look like; null while they change, and different every ten minutes, to be safe. */
  async #seen(layout: Layout): Promise<string | null> {
    const { volumes, apps, clock } = this.#parts;
    const parts = await Promise.all([
      volumes.seen(layout),
      apps.seen(layout),
      this.#tables.usage.seen(layout),
    ]);
    return parts.includes(null) ? null : [Math.floor(clock.now() / 600_000), ...parts].join(" ");
  }

  async #run<Result>(work: (layout: Layout) => Promise<Result>): Promise<Result> {
    try {
      await using layout = await this.#enter();
      return await work(layout);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    const squashed = this.#settings.nfs === true ? squashedRoot(error, this.url) : null;
    return squashed ?? explain(error, this.url);
  }

  /** Opens the storage for one operation, having made sure that it is still the one it was. */
  async #enter(): Promise<Layout> {
    const known = this.#marker;
    if (known === null)
      throw new StorageUnavailable(`${this.url} has not been looked at yet. Try again in a moment`);
    const root = await openRoot(this.#settings.path, this.url);
    try {
      const found = await readMarker(root, this.url, known);
      if (found === null) throw markerMissing(this.url);
      const layout = new Layout(root, found.meta);
      if (found.marker.id === known.id) {
        this.#marker = found.marker;
        return layout;
      }
      await found.meta[Symbol.asyncDispose]();
      throw markerDiffers(this.url, found.marker.id, known.id);
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #readMarker(): Promise<Marker | null> {
    await using root = await openRoot(this.#settings.path, this.url);
    const found = await readMarker(root, this.url, null);
    await found?.meta[Symbol.asyncDispose]();
    return found?.marker ?? null;
  }
}

function checked(name: string): string {
  checkVolumeName(name); // apps follow the same rule
  return name;
}
