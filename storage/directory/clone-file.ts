import { constants, type BigIntStats } from "node:fs";
import * as fs from "node:fs/promises";
import type { ExtendedAttributes } from "./extended-attributes.ts";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/** What is read and written at once. */
const chunkBytes = 1024 ** 2;
/** A piece of so many zeros is not written: files of databases and machines are full of them. */
const pieceBytes = 65_536;

/**
 * Copies one file to a name that is free, by reflink where both lie on a file system that has it; what is a symlink by
 * now, or gone, is left out. `tick` is awaited whenever it got on.
 */
export async function cloneFile(
  from: Buffer,
  place: Buffer,
  tick: () => Promise<void>,
  attributes: ExtendedAttributes | null = null,
): Promise<void> {
  const opened = await openSource(from);
  if (opened === null) return;
  await using source = opened;
  const found = await source.stat({ bigint: true });
  if (!found.isFile()) return;
  const isClone = await reflinked(source, place);
  const flags = isClone ? O_WRONLY | O_NOFOLLOW : O_WRONLY | O_NOFOLLOW | O_CREAT | O_EXCL;
  await using target = await fs.open(place, flags, 0o600);
  if (!isClone) await copy(source, target, tick);
  await dress(target, source, found, attributes);
}

/** Gives an open file or directory the owner, the mode, the attributes and the times that another had when it was looked at. */
export async function dress(
  handle: fs.FileHandle,
  source: fs.FileHandle,
  like: BigIntStats,
  attributes: ExtendedAttributes | null,
): Promise<void> {
  await handle.chown(Number(like.uid), Number(like.gid));
  await handle.chmod(Number(like.mode) & 0o7777); // after chown, which clears the set-id bits and capabilities
  await attributes?.copy(source, handle);
  // Last: by these a whole file is known.
  await handle.utimes(Number(like.atimeNs) / 1e9, Number(like.mtimeNs) / 1e9);
  await handle.sync();
}

async function openSource(from: Buffer): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ELOOP", "ENXIO")) return null;
    throw error;
  }
}

/** By its descriptor it is this very file, whatever its name leads to. */
async function reflinked(source: fs.FileHandle, place: Buffer): Promise<boolean> {
  try {
    const flags = COPYFILE_EXCL | COPYFILE_FICLONE_FORCE;
    await fs.copyFile(`/proc/self/fd/${source.fd}`, place, flags);
    return true;
  } catch (error) {
    // Out of space is so for a copy as well, and shall be told by that.
    await fs.unlink(place).catch(() => undefined);
    if (isTrouble(placed(error, ""), "EIO", "ESTALE", "EROFS")) throw error;
    return false;
  }
}

async function copy(
  source: fs.FileHandle,
  target: fs.FileHandle,
  tick: () => Promise<void>,
): Promise<void> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let at = 0; ;) {
    const { bytesRead } = await source.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return await target.truncate(at);
    await writeWithHoles(target, chunk.subarray(0, bytesRead), at);
    at += bytesRead;
    await tick();
  }
}

async function writeWithHoles(target: fs.FileHandle, chunk: Buffer, at: number): Promise<void> {
  for (let start = 0; start < chunk.length;) {
    let end = start;
    while (end < chunk.length && !isZero(chunk, end)) end += pieceBytes;
    end = Math.min(end, chunk.length);
    let written = start;
    while (written < end) {
      const { bytesWritten } = await target.write(chunk, written, end - written, at + written);
      written += bytesWritten;
    }
    start = end;
    while (start < chunk.length && isZero(chunk, start)) start += pieceBytes;
  }
}

const zeros = Buffer.alloc(pieceBytes);

function isZero(chunk: Buffer, start: number): boolean {
  const end = Math.min(start + pieceBytes, chunk.length);
  return chunk.compare(zeros, 0, end - start, start, end) === 0;
}
