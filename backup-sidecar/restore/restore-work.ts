import { join } from "node:path";
import { messageOf } from "../../service/message-of.ts";
import { formatSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type {
  NodeIdentity,
  RestorePlan,
  RestoreProgress,
  StagedRestore,
  Storage,
} from "../../storage/storage.ts";
import type { AppRepository, Progress, RestoreResult } from "../engine/app-repository.ts";
import type { Snapshot } from "../engine/snapshot.ts";
import { privateView, type ViewPlace } from "../source/private-view.ts";
import { topOf } from "../source/top-directory.ts";
import { compare } from "./comparison.ts";
import type { RestoreAttended, RestoreReport } from "./restorer.ts";
import { wantedPaths } from "./wanted-paths.ts";

/** Milliseconds: how often is written down how far it is. Also the sign of life, so that nobody else goes on with it. */
const noteEveryMs = 3000;

/** A storage with directories of its own, on which volumes can be brought back. */
export type RestorableStorage = Pick<Storage, "get" | "list" | "create" | "remove"> &
  Required<Pick<Storage, "beginRestore" | "noteRestore" | "finishRestore" | "abandonRestore">>;

export interface RestoreParts {
  readonly storage: RestorableStorage;
  readonly place: ViewPlace;
  readonly node: NodeIdentity;
  /** The app's repository, to be read from. */
  readonly open: (app: string, signal?: AbortSignal) => Promise<AppRepository>;
}

/** What is to become of one volume. */
export interface RestoreTask {
  readonly volume: string;
  /** Null: the volume was created from a version, which its record names. */
  readonly plan: RestorePlan | null;
  readonly paths: readonly string[];
  /** Although something could not be brought back, or does not fit by its looks. */
  readonly force: boolean;
}

/** Brings one volume to a version, from staging to its place. What it leaves when it throws the next attempt goes on with. */
export async function restoreVolume(
  parts: RestoreParts,
  task: RestoreTask,
  attended: RestoreAttended = {},
): Promise<RestoreReport> {
  const include = wantedPaths(task.paths);
  const staged = await parts.storage.beginRestore(task.volume, task.plan, parts.node);
  const notes = new Notes(parts.storage, staged);
  try {
    const signal = AbortSignal.any([notes.signal, ...(attended.signal ? [attended.signal] : [])]);
    const onProgress = (progress: Progress): void => {
      notes.tell({ done: progress.bytes, total: progress.totalBytes, trouble: null });
      attended.onProgress?.(progress);
    };
    return await bringBack(parts, task, staged, include, { onProgress, signal });
  } catch (error) {
    await notes.end(messageOf(notes.lost ?? error));
    throw notes.lost ?? error;
  } finally {
    await notes.end(null);
  }
}

/** Undoes what was begun, as far as nothing was exchanged: for somebody who changed his mind. */
export async function giveUp(parts: RestoreParts, volume: string, isNew: boolean): Promise<void> {
  const record = await parts.storage.get(volume);
  if (record?.state !== "filling") return;
  if (isNew) await parts.storage.remove(volume, parts.node);
  else await parts.storage.abandonRestore(volume, record.fill?.run ?? "");
}

async function bringBack(
  parts: RestoreParts,
  { volume, force }: RestoreTask,
  staged: StagedRestore,
  include: readonly string[],
  attended: Required<RestoreAttended>,
): Promise<RestoreReport> {
  const { record, run, folders } = staged;
  const repository = await parts.open(record.app, attended.signal);
  const snapshot = await snapshotOf(repository, record, attended.signal);
  if (include.length === 0 && !force) refuseTooLarge(snapshot, staged);
  const view = privateView(parts.place, folders, "rw");
  const result = await repository.restore({
    snapshot: snapshot.id,
    ...(include.length > 0 && { include }),
    target: view.directory,
    view,
    overwrite: staged.resumed ? "if-changed" : "always",
    // Of an earlier attempt there may be more than is wanted now.
    ...(staged.resumed && include.length === 0 && { delete: true }),
    verify: true,
    ...attended,
  });
  const folder = join(parts.place.root, ...folders);
  const list = repository.ls(snapshot.id, null, attended.signal);
  const compared = await compare(folder, list, include.length > 0);
  const differences = [
    ...result.errors.map(({ item, reason }) => `${item}: ${reason}`),
    ...compared.differences,
  ];
  refuseLoss(result, compared.compared, include, differences, force);
  const ready = await parts.storage.finishRestore(volume, run, topOf(snapshot.tags));
  const { inPlace = null } = record.fill ?? {};
  return {
    volume: ready.name,
    app: ready.app,
    snapshot: snapshot.id,
    at: new Date(snapshot.time).toISOString(),
    files: result.files,
    bytes: result.bytes,
    differences,
    displaced: inPlace !== null && inPlace.paths.length === 0 ? inPlace.entry : null,
    restart: inPlace?.heldBy ?? [],
  };
}

async function snapshotOf(
  repository: AppRepository,
  { fill }: VolumeRecord,
  signal: AbortSignal,
): Promise<Snapshot> {
  const second = Math.floor(Date.parse(fill?.at ?? "") / 1000);
  const found = (await repository.snapshots(signal)).findLast(
    ({ volume, time }) => volume === fill?.from && Math.floor(time / 1000) === second,
  );
  if (found !== undefined) return found;
  throw new UserError(
    "not-found",
    `the version of "${fill?.from}" from ${fill?.at} is not in the backup any more. See which there are: swarmnfs backup snapshots ${repository.app}`,
  );
}

function refuseTooLarge({ bytes }: Snapshot, { free, resumed, record }: StagedRestore): void {
  if (bytes === null || resumed || bytes <= free) return;
  throw new UserError(
    "full",
    `that version holds ${formatSize(bytes)}, and for "${record.name}" there is room for ${formatSize(free)}. Make room, or give the volume a larger size. If its files are sparse it may fit all the same: --force`,
  );
}

/** A volume that is not what it was is nobody's restore: it is kept from view until somebody decides. */
function refuseLoss(
  result: RestoreResult,
  compared: number,
  include: readonly string[],
  differences: readonly string[],
  force: boolean,
): void {
  if (include.length > 0 && compared === 0)
    throw new UserError(
      "not-found",
      `there is nothing like ${include.join(", ")} in that version. See what there is: swarmnfs backup ls`,
    );
  if (force || result.errors.length === 0) return;
  throw new UserError(
    "unavailable",
    `${result.errors.length} of ${result.files} files could not be brought back: ${differences.slice(0, 3).join("; ")}. See which parts of the backup are damaged: swarmnfs backup verify. To have the rest all the same: --force`,
  );
}

/** What the record says of the work, not more often than it is worth. */
class Notes {
  readonly #storage: RestorableStorage;
  readonly #staged: StagedRestore;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #progress: RestoreProgress = { done: 0, total: null, trouble: null };
  #writing: Promise<void> | null = null;
  #isOver = false;
  /** Why it is not ours any more. */
  lost: unknown = null;

  constructor(storage: RestorableStorage, staged: StagedRestore) {
    this.#storage = storage;
    this.#staged = staged;
    this.#timer = setInterval(() => this.#note(), noteEveryMs);
    this.#timer.unref();
  }

  /** Aborts when somebody else is at it. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  tell(progress: RestoreProgress): void {
    this.#progress = progress;
  }

  async end(trouble: string | null): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#writing;
    if (trouble === null || this.lost !== null) return;
    this.#progress = { ...this.#progress, trouble };
    this.#note();
    await this.#writing;
  }

  #note(): void {
    this.#writing ??= this.#write().finally(() => (this.#writing = null));
  }

  async #write(): Promise<void> {
    const { record, run } = this.#staged;
    try {
      await this.#storage.noteRestore(record.name, run, this.#progress);
    } catch (error) {
      // A storage that is silent for a moment is no reason to begin anew.
      if (!(error instanceof UserError) || !["conflict", "not-found"].includes(error.code)) return;
      this.lost = error;
      this.#lost.abort();
    }
  }
}
