import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** What restic's cache may take on this container's disk, all apps together. */
export const cacheBytes = 4 * 1024 ** 3;

/** What costs only time to fetch again. Versions' own files stay: they are small, and heal damaged ones on the server. */
const replaceable = ["data", "index"] as const;

/**
 * Keeps restic's cache below a bound: what was fetched for the repositories that were used longest ago goes first. Whatever
 * cannot be read or removed is left.
 */
export async function boundCache(cache: string, most: number): Promise<void> {
  const repositories = await readdir(cache).catch(() => []);
  const found = await Promise.all(
    repositories
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(async (name) => {
        const folder = join(cache, name);
        const { mtimeMs } = await lstat(folder);
        return { folder, mtimeMs, bytes: await bytesBelow(folder) };
      }),
  );
  let bytes = found.reduce((sum, each) => sum + each.bytes, 0);
  for (const each of found.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= most) return;
    for (const part of replaceable)
      await rm(join(each.folder, part), { recursive: true, force: true }).catch(() => undefined);
    bytes -= each.bytes;
  }
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const { size } = await lstat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }));
    bytes += size;
  }
  return bytes;
}
