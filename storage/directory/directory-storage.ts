import type { Clock } from "../../service/clock.ts";
import { checkVolumeName } from "../rules/names.ts";
import type { AppOwner, AppRecord } from "../records/app.ts";
import { parseAppRecord, parseVolumeRecord } from "../records/parse.ts";
import type { GivenHookAnswer, HookAnswer, HookCall } from "../records/hook-call.ts";
import type { RollAnswer, RollCall } from "../records/roll-call.ts";
import type { ReportTurn } from "../records/report-turn.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type * as storage from "../storage.ts";
import { examineAdoptable } from "./adoptable.ts";
import { adoptVolume } from "./adoption.ts";
import { claimApp, updateApp } from "./apps.ts";
import { attachVolume } from "./attachment.ts";
import { updateVolume } from "./change.ts";
import { reviewBackup } from "./backup-status.ts";
import { concurrently } from "./concurrently.ts";
import { createVolume } from "./creation.ts";
import { Entrance } from "./entrance.ts";
import { fillVolume } from "./filling.ts";
import { finishRestore } from "./finish-restore.ts";
import { checkHealth } from "./health.ts";
import { readHistory } from "./history.ts";
import { housekeep, type Tables } from "./housekeeping.ts";
import type { Place } from "./marker.ts";
import { KnownQuotas, noQuotas, type QuotasOf } from "./known-quotas.ts";
import { limitsNote } from "./limits.ts";
import { type Listing, listSince } from "./listing.ts";
import { Mutex } from "./mutex.ts";
import type { Parts } from "./parts.ts";
import { RecordFolder } from "./record-folder.ts";
import { notFound, removeVolume } from "./removal.ts";
import { putReportTurn, readReportTurn } from "./report-turn.ts";
import { answerHook, callHooks, endHooks, hookAnswers, hookHolders } from "./hook-calls.ts";
import { answerRoll, callRoll, endRoll, rollAnswers } from "./roll-calls.ts";
import { abandonRestore, beginRestore, noteRestore } from "./restoring.ts";
import { dropStaging, listStaging } from "./staging.ts";
import { StorageClock } from "./storage-clock.ts";
import { listTrash, purge } from "./trash.ts";
import { undelete } from "./undelete.ts";
import { countVolume, lastUseTable, usageTable } from "./usage.ts";
import { UseSigns } from "./use-signs.ts";

export interface DirectorySettings extends Place {
  readonly trashDays: number;
}

/** Effects that tests and the keeper give. */
export interface DirectoryEffects {
  readonly clock: Clock;
  /** Called between the steps of operations; may throw or not return at all, as a crash would. */
  readonly checkpoint?: (name: string) => Promise<void>;
  /** Called whenever long work got on. */
  readonly progress?: () => void;
  /** What can limit directories at an absolute path without symlinks; by default nothing. */
  readonly quotas?: QuotasOf;
}

/** Volumes as directories of a file system that every node sees: `dir:///path`. */
export class DirectoryStorage implements storage.Storage {
  readonly url: string;
  readonly #entrance: Entrance;
  readonly #parts: Parts;
  readonly #tables: Tables;

  constructor(settings: DirectorySettings, effects: DirectoryEffects) {
    const clock = new StorageClock(effects.clock);
    const { checkpoint = async () => {}, progress = () => {} } = effects;
    const quotas = new KnownQuotas(effects.quotas ?? noQuotas);
    this.url = settings.url;
    this.#entrance = new Entrance(settings);
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
      uses: new UseSigns(clock, progress),
      trashDays: settings.trashDays,
      bound: settings.nfs !== true && settings.served !== true,
      served: settings.served === true,
      quotas: (layout) => quotas.of(layout),
      sizing: new Mutex(),
      checkpoint,
      progress,
    };
  }

  open(knownId: string | null): Promise<{ readonly id: string }> {
    return this.#entrance.open(knownId, this.#parts.clock.now());
  }

  async list(): Promise<storage.Catalog> {
    const { catalog, rollCalls, hookCalls } = await this.listSince(null);
    if (catalog === null) throw new Error("a first list was called unchanged");
    return { ...catalog, rollCalls, hookCalls };
  }

  /** The catalog, unless nothing but signs of use has changed since a list that was `seen`. */
  listSince(seen: string | null): Promise<Listing> {
    return this.#entrance.run((layout) => listSince(this.#parts, this.#tables, layout, seen));
  }

  get(name: string): Promise<VolumeRecord | null> {
    return this.#entrance.run(async (layout) => {
      const record = (await this.#parts.volumes.look(layout, checked(name)))?.record ?? null;
      return record?.state === "trashed" ? null : record;
    });
  }

  create(request: storage.CreateRequest, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => createVolume(this.#parts, layout, request, by));
  }

  adopt(request: storage.AdoptRequest, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => adoptVolume(this.#parts, layout, request, by));
  }

  examine(path: string): Promise<storage.AdoptableDirectory> {
    return this.#entrance.run((layout) => examineAdoptable(this.#parts, layout, path));
  }

  update(
    name: string,
    change: storage.VolumeChange,
    _by: storage.NodeIdentity,
  ): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => updateVolume(this.#parts, layout, checked(name), change));
  }

  remove(name: string, by: storage.NodeIdentity): Promise<storage.RemoveOutcome> {
    return this.#entrance.run((layout) => removeVolume(this.#parts, layout, checked(name), by));
  }

  attach(
    name: string,
    by: storage.NodeIdentity,
    consumers: readonly string[],
    id: string | null = null,
  ): Promise<storage.Attachment> {
    return this.#entrance.run((layout) =>
      attachVolume(this.#parts, layout, checked(name), id, by, consumers),
    );
  }

  detach(name: string, by: storage.NodeIdentity): Promise<void> {
    return this.#entrance.run((layout) => this.#parts.uses.remove(layout, checked(name), by));
  }

  renew(signs: readonly storage.UseSign[], by: storage.NodeIdentity): Promise<void> {
    return this.#entrance.run(async (layout) => {
      await concurrently(signs, async (sign) => {
        await this.#parts.uses.write(layout, { ...sign, volume: checked(sign.volume) }, by);
      });
    });
  }

  getApp(app: string): Promise<AppRecord | null> {
    return this.#entrance.run((layout) => this.#parts.apps.read(layout, checked(app)));
  }

  updateApp(app: string, change: storage.AppChange, _by: storage.NodeIdentity): Promise<AppRecord> {
    return this.#entrance.run((layout) => updateApp(this.#parts, layout, checked(app), change));
  }

  claimApp(app: string, owner: AppOwner): Promise<AppRecord> {
    return this.#entrance.run((layout) => claimApp(this.#parts, layout, checked(app), owner));
  }

  fill(name: string, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => fillVolume(this.#parts, layout, checked(name), by));
  }

  beginRestore(
    name: string,
    plan: storage.RestorePlan | null,
    by: storage.NodeIdentity,
  ): Promise<storage.StagedRestore> {
    return this.#entrance.run((layout) =>
      beginRestore(this.#parts, layout, checked(name), plan, by),
    );
  }

  noteRestore(name: string, run: string, progress: storage.RestoreProgress): Promise<void> {
    return this.#entrance.run((layout) =>
      noteRestore(this.#parts, layout, checked(name), run, progress),
    );
  }

  finishRestore(
    name: string,
    run: string,
    top: storage.TopDirectory | null,
  ): Promise<VolumeRecord> {
    return this.#entrance.run((layout) =>
      finishRestore(this.#parts, layout, checked(name), run, top),
    );
  }

  abandonRestore(name: string, run: string): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => abandonRestore(this.#parts, layout, checked(name), run));
  }

  usage(name: string): Promise<storage.Usage> {
    return this.#entrance.run(async (layout) => {
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

  callRoll(call: RollCall, _by: storage.NodeIdentity): Promise<void> {
    return this.#entrance.run((layout) => callRoll(this.#parts, layout, call));
  }

  answerRoll(id: string, answer: RollAnswer, _by: storage.NodeIdentity): Promise<void> {
    return this.#entrance.run((layout) => answerRoll(this.#parts, layout, id, answer));
  }

  rollAnswers(id: string): Promise<readonly storage.GivenRollAnswer[]> {
    return this.#entrance.run((layout) => rollAnswers(layout, id));
  }

  endRoll(id: string, by: storage.NodeIdentity): Promise<void> {
    return this.#entrance.run((layout) => endRoll(this.#parts, layout, id, by));
  }

  callHooks(call: HookCall): Promise<void> {
    return this.#entrance.run((layout) => callHooks(this.#parts, layout, call));
  }

  answerHook(id: string, answer: HookAnswer): Promise<void> {
    return this.#entrance.run((layout) => answerHook(this.#parts, layout, id, answer));
  }

  hookAnswers(id: string): Promise<readonly GivenHookAnswer[]> {
    return this.#entrance.run((layout) => hookAnswers(this.#parts, layout, id));
  }

  endHooks(id: string): Promise<void> {
    return this.#entrance.run((layout) => endHooks(this.#parts, layout, id));
  }

  hookHolders(volumes: readonly string[]): Promise<storage.HookHolders> {
    return this.#entrance.run((layout) => hookHolders(this.#parts, layout, volumes.map(checked)));
  }

  trash(): Promise<readonly storage.TrashEntry[]> {
    return this.#entrance.run(listTrash);
  }

  undelete(entry: string, as: string | null, by: storage.NodeIdentity): Promise<VolumeRecord> {
    return this.#entrance.run((layout) => undelete(this.#parts, layout, entry, as, by));
  }

  purge(entries: readonly string[], _by: storage.NodeIdentity): Promise<readonly string[]> {
    return this.#entrance.run((layout) => purge(this.#parts, layout, entries));
  }

  review(since: string): Promise<storage.Review> {
    return this.#entrance.run(async (layout) => {
      const { volumes, progress } = this.#parts;
      const { records } = await volumes.list(layout);
      const there = records.filter(({ state }) => state !== "trashed");
      const history = await readHistory(layout, Date.parse(since), there, progress);
      return { ...history, backup: await reviewBackup(layout) };
    });
  }

  staging(before: string): Promise<readonly storage.StagingEntry[]> {
    return this.#entrance.run((layout) => listStaging(this.#parts, layout, Date.parse(before)));
  }

  dropStaging(name: string, before: string): Promise<void> {
    return this.#entrance.run((layout) =>
      dropStaging(this.#parts, layout, name, Date.parse(before)),
    );
  }

  reportTurn(): Promise<ReportTurn | null> {
    return this.#entrance.run(readReportTurn);
  }

  putReportTurn(turn: ReportTurn): Promise<boolean> {
    return this.#entrance.run((layout) => putReportTurn(this.#parts, layout, turn));
  }

  housekeep(
    by: storage.NodeIdentity,
    held: readonly string[] = [],
  ): Promise<storage.HousekeepingReport> {
    return this.#entrance.run((layout) => housekeep(this.#parts, layout, this.#tables, by, held));
  }

  health(): Promise<storage.StorageHealth> {
    return this.#entrance.run(async (layout) => {
      const health = await checkHealth(layout, this.#parts.clock);
      const note = await limitsNote(this.#parts, layout);
      return note === null ? health : { ...health, notes: [...health.notes, note] };
    });
  }

  async close(): Promise<void> {
    this.#entrance.close();
  }
}

function checked(name: string): string {
  checkVolumeName(name); // apps follow the same rule
  return name;
}
