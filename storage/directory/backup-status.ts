import { formatDuration } from "../../service/age.ts";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { backupSilentMs, backupStatusSchema, type BackupStatus } from "../records/backup-status.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import type { BackupReview } from "../storage.ts";
import { isTrouble } from "./file-trouble.ts";
import type { Layout, Parts } from "./parts.ts";

/** Below `.swarmnfs`: what the backup service keeps on the storage. */
export const backupFolder = "backup";
export const backupStatusFile = "status.json";

/** What the backup service last said; null if there never was one. Throws {@link DamagedRecord}. */
export async function readBackupStatus(
  layout: Layout,
): Promise<{ readonly status: BackupStatus; readonly mtimeMs: number } | null> {
  try {
    await using folder = await layout.meta.open(backupFolder);
    const found = await folder.read(backupStatusFile);
    if (found === null) return null;
    const status = parseRecord(found.text, backupStatusSchema);
    return { status, mtimeMs: Number(found.stamp.mtimeMs) };
  } catch (error) {
    if (isTrouble(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** The same for people who look back; null also where it cannot be read. */
export async function reviewBackup(layout: Layout): Promise<BackupReview | null> {
  const found = await readBackupStatus(layout).catch((error: unknown) => {
    if (error instanceof DamagedRecord) return null;
    throw error;
  });
  if (found === null) return null;
  const { node, version, volumes, drills = {} } = found.status;
  const rows = Object.entries(volumes).map(([name, { app, snapshots, lastGood, suspect }]) => {
    return [name, { app, versions: snapshots.length, lastGood, suspect: suspect ?? null }] as const;
  });
  const seenAt = rfc3339(found.mtimeMs);
  return { node, version, seenAt, volumes: Object.fromEntries(rows), drills };
}

/** By volume: when it was last backed up whole, as far as that can be read. */
export async function lastSnapshots(layout: Layout): Promise<Record<string, string>> {
  const found = await readBackupStatus(layout).catch((error: unknown) => {
    if (error instanceof DamagedRecord) return null;
    throw error;
  });
  const volumes = Object.entries(found?.status.volumes ?? {});
  return Object.fromEntries(
    volumes.flatMap(([name, { lastGood }]) => (lastGood === null ? [] : [[name, lastGood]])),
  );
}

/**
 * The same of a service that is alive and will do what it is asked for. Throws `unsupported` where there is none, and
 * `unavailable` where it is silent: nobody shall wait for something that does not come.
 */
export async function livingBackup(
  { url, clock }: Pick<Parts, "url" | "clock">,
  layout: Layout,
): Promise<BackupStatus> {
  const without = `To begin with a copy of the volume as it is now, leave @… out`;
  try {
    const found = await readBackupStatus(layout);
    if (found === null)
      throw new UserError(
        "unsupported",
        `there is no backup service for ${url}, so there are no versions to begin with: see docs/backup.md. ${without}`,
      );
    const silence = clock.now() - found.mtimeMs;
    if (silence < backupSilentMs) return found.status;
    throw new UserError(
      "unavailable",
      `the backup service (on ${found.status.node}) has shown no sign of life for ${formatDuration(silence)}, and it is what fills a volume from a version. Start it again, and then create the volume. ${without}`,
    );
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    throw new UserError(
      "unavailable",
      `what the backup service says of itself cannot be read: ${error.message}. It writes it anew within a minute; try again then`,
      { cause: error },
    );
  }
}
