import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import type { Directory } from "./confined.ts";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
const folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

/**
 * Moves all that is in `source` into `target`, directory by directory; what is in the way of something gets another name,
 * with the suffix. No symlink of either is followed. May be begun again after a crash: what was moved is not there any more.
 */
export async function mergeTree(
  source: Directory,
  target: Directory,
  suffix: string,
  progress: () => void,
): Promise<void> {
  try {
    await merge(source.magicPath(), target.magicPath(), Buffer.from(suffix), progress);
  } catch (error) {
    throw placed(error, target.place);
  }
}

async function merge(
  from: string,
  to: string,
  suffix: Buffer,
  progress: () => void,
): Promise<void> {
  for (const name of await fs.readdir(from, { encoding: "buffer" })) {
    progress();
    const [source, place] = [inside(from, name), inside(to, name)];
    const below = await bothFolders(source, place);
    if (below !== null) {
      await using lower = below[0];
      await using upper = below[1];
      await merge(magic(lower), magic(upper), suffix, progress);
      continue;
    }
    await displace(place, suffix);
    await fs.rename(source, place);
  }
  await using folder = await fs.open(to, O_RDONLY | O_DIRECTORY);
  await folder.sync();
}

/** Null unless a directory is in both places. */
async function bothFolders(
  source: Buffer,
  place: Buffer,
): Promise<readonly [fs.FileHandle, fs.FileHandle] | null> {
  const lower = await openFolder(source);
  if (lower === null) return null;
  const upper = await openFolder(place);
  if (upper !== null) return [lower, upper];
  await lower.close();
  return null;
}

async function displace(place: Buffer, suffix: Buffer): Promise<void> {
  try {
    await fs.lstat(place);
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT")) return;
    throw error;
  }
  await fs.rename(place, Buffer.concat([place, suffix]));
}

async function openFolder(place: Buffer): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(place, folderFlags);
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ENOTDIR", "ELOOP")) return null;
    throw error;
  }
}

function magic({ fd }: fs.FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

function inside(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name]);
}
