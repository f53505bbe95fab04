import type { Progress, RestoreRequest, RestoreResult, Unread } from "./app-repository.ts";
import { unreadOf } from "./backup-command.ts";
import { failureOf } from "./restic-failure.ts";
import { errorSchema, restoreStatusSchema, restoreSummarySchema } from "./restic-messages.ts";
import type { SessionOptions } from "../repository/bridge/bridge.ts";
import type { Runner } from "./runner.ts";

/** Exit code 1: some files could not be restored, or nothing could; the summary tells these apart. */
const partly = 1;
const named = 1000;

/** Restores a version, sparse files as such. Throws if it could not be done; files that failed are in `errors`. */
export async function restore(
  repository: Runner,
  request: RestoreRequest,
  session: SessionOptions = {},
): Promise<RestoreResult> {
  const errors: Unread[] = [];
  let summary: unknown = null;
  const { exitCode, said } = await repository.run(
    {
      args: [...argumentsOf(request), ...(session.readOnly === true ? ["--no-lock"] : [])],
      ...(request.view && { view: request.view }),
      signal: request.signal,
      accepts: [partly],
      onMessage: (message) => {
        const kind = errorSchema.safeParse(message).data?.message_type;
        if (kind === "summary") summary = message;
        const progress = kind === "status" ? progressOf(message) : null;
        if (progress !== null) request.onProgress?.(progress);
        if (kind === "error" && errors.length < named) errors.push(unreadOf(message));
      },
    },
    session,
  );
  const done = restoreSummarySchema.safeParse(summary).data;
  if (done === undefined || (exitCode !== 0 && errors.length === 0))
    throw failureOf({ command: "restore", exitCode, signal: null, ended: null, said });
  return {
    files: done.total_files,
    restored: done.files_restored,
    skipped: done.files_skipped,
    deleted: done.files_deleted,
    bytes: done.total_bytes,
    errors,
  };
}

function argumentsOf(request: RestoreRequest): string[] {
  return [
    "restore",
    request.snapshot,
    "--json",
    "--sparse",
    "--target",
    request.target,
    ...(request.include ?? []).flatMap((pattern) => ["--include", pattern]),
    ...(request.overwrite ? ["--overwrite", request.overwrite] : []),
    ...(request.delete === true ? ["--delete"] : []),
    ...(request.verify === true ? ["--verify"] : []),
    ...(request.dryRun === true ? ["--dry-run"] : []),
  ];
}

function progressOf(message: unknown): Progress | null {
  const status = restoreStatusSchema.safeParse(message).data;
  if (status === undefined) return null;
  const { seconds_elapsed: seconds, total_bytes: total, bytes_restored: bytes } = status;
  const rate = seconds > 0 ? bytes / seconds : 0;
  return {
    files: status.files_restored,
    totalFiles: status.total_files,
    bytes,
    totalBytes: total,
    secondsLeft: rate > 0 ? Math.round((total - bytes) / rate) : null,
  };
}
