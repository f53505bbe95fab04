import { type FailureKind, RemoteFailure } from "../repository/failure.ts";
import type { SourceView } from "../source/source-view.ts";
import type {
  AppRepository,
  BackupRequest,
  BackupResult,
  Progress,
  Unread,
} from "./app-repository.ts";
import type { PackSize } from "./pack-size.ts";
import { failureOf } from "./restic-failure.ts";
import { backupStatusSchema, backupSummarySchema, errorSchema } from "./restic-messages.ts";
import type { Runner } from "./runner.ts";

/** Exit code 3: some files could not be read, and a snapshot of the rest exists. */
const partlyRead = 3;
/** So many unread files are named; all are counted. */
const named = 100;

/** What a pack that is too large can end with, or one that takes too long. */
const uploadFailures: ReadonlySet<FailureKind> = new Set(["too-big", "network", "server"]);

/**
 * Saves what the view shows. Throws `ResticFailure` if there is no snapshot afterwards, and `RemoteFailure`. Where the server
 * takes no packs of that size, it is done once more with smaller ones.
 */
export async function backupInPacks(
  repository: Runner & Pick<AppRepository, "repairIndex">,
  packs: PackSize | undefined,
  view: SourceView,
  request: BackupRequest,
): Promise<BackupResult> {
  const size = packs?.mebibytes ?? 0;
  try {
    return await backup(repository, view, request);
  } catch (error) {
    if (!(error instanceof RemoteFailure) || !uploadFailures.has(error.kind)) throw error;
    const maySmaller = packs?.refused(size) === true;
    // Where a line breaks, smaller ones may pass the next time; those that were refused are worth another try now.
    if (error.kind !== "too-big" || !maySmaller) throw error;
    // What it did take is in no index yet.
    await repository.repairIndex(request.signal);
    return backup(repository, view, request);
  }
}

async function backup(
  repository: Runner,
  view: SourceView,
  request: BackupRequest,
): Promise<BackupResult> {
  const unread: Unread[] = [];
  let unreadCount = 0;
  let summary: unknown = null;
  const { exitCode, said } = await repository.run({
    args: argumentsOf(request),
    view,
    signal: request.signal,
    accepts: [partlyRead],
    onMessage: (message) => {
      const kind = errorSchema.safeParse(message).data?.message_type;
      if (kind === "summary") summary = message;
      const progress = kind === "status" ? progressOf(message, request) : null;
      if (progress !== null) request.onProgress?.(progress);
      if (kind !== "error") return;
      unreadCount += 1;
      if (unread.length < named) unread.push(unreadOf(message));
    },
  });
  const done = backupSummarySchema.safeParse(summary).data;
  if (done === undefined)
    throw failureOf({ command: "backup", exitCode, signal: null, ended: null, said });
  return {
    snapshot: done.snapshot_id,
    outcome: exitCode === 0 ? "complete" : "partial",
    unread,
    unreadCount,
    files: done.total_files_processed,
    filesNew: done.files_new,
    filesChanged: done.files_changed,
    bytes: done.total_bytes_processed,
    bytesAdded: done.data_added_packed,
  };
}

function argumentsOf({ host, tags, time, force, parent, expect }: BackupRequest): string[] {
  return [
    "backup",
    ".",
    "--json",
    "--host",
    host,
    ...comparedWith(force === true ? null : parent),
    ...tags.flatMap((tag) => ["--tag", tag]),
    ...(time === undefined ? [] : ["--time", resticTime(time)]),
    ...(expect === undefined ? [] : ["--no-scan"]),
  ];
}

function comparedWith(parent: string | null | undefined): string[] {
  // The path is the view's, and no mark of the volume.
  if (parent === undefined) return ["--group-by", "host"];
  return parent === null ? ["--force"] : ["--parent", parent];
}

/** As `--time` wants it, in the zone of TZ, which is UTC for our children. */
function resticTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

function progressOf(message: unknown, { expect }: BackupRequest): Progress | null {
  const status = backupStatusSchema.safeParse(message).data;
  if (status === undefined) return null;
  return {
    files: status.files_done,
    totalFiles: expect?.files ?? status.total_files ?? null,
    bytes: status.bytes_done,
    totalBytes: expect?.bytes ?? status.total_bytes ?? null,
    secondsLeft: status.seconds_remaining ?? null,
  };
}

/** Also of a restore. */
export function unreadOf(message: unknown): Unread {
  const { item, error } = errorSchema.parse(message);
  return { item: item ?? "", reason: error?.message ?? "unknown" };
}
