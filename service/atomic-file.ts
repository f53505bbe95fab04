import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Replaces a file so that a crash at any moment leaves the old or the new content, whole: temporary file beside it,
 * fsync, rename, fsync of the directory. For local state files; the file's mode is 0600 unless said otherwise. `passing`: it
 * means nothing after a boot, so that a power cut may bring the old content back, and the last step is spared.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
  passing = false,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    await using file = await open(temporary, "wx", mode);
    await file.writeFile(data);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (!passing) await syncDirectory(folder);
}

/** Makes what was created, renamed or removed in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
