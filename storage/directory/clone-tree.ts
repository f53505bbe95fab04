import { constants, type BigIntStats } from "node:fs";
import * as fs from "node:fs/promises";
import { UserError } from "../../service/user-error.ts";
import { cloneFile, dress } from "./clone-file.ts";
import { concurrently } from "./concurrently.ts";
import type { Directory } from "./confined.ts";
import { ExtendedAttributes } from "./extended-attributes.ts";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Each level keeps two directories open. */
const maximumDepth = 400;
/** So many entries of a directory are looked at together. */
const batch = 64;
/** Times are set with the precision of Node.js, which is not that of the disk. */
const nearlyNs = 2_000n;

/** Told of every file that is there now, with the bytes it takes in the source; awaited. */
export type Advance = (bytes: number) => Promise<void>;

/**
 * Makes the empty `target` a copy of `source`: files by reflink where the file system can, symlinks as they are, hard links
 * as hard links, with owners, modes, times, extended attributes and ACLs; sockets, pipes, devices and the attributes of
 * symlinks are left out. No symlink of the source is followed, and nothing that is mounted inside is entered. It is no
 * snapshot of a source that is written to meanwhile.
 *
 * What is whole of earlier attempts in `before` is moved from there. Their makers may still be at it: files that they work
 * on stay with them.
 */
export async function cloneTree(
  source: Directory,
  target: Directory,
  advance: Advance,
  before: readonly Directory[] = [],
): Promise<void> {
  const { dev } = await source.self();
  const links = new Map<bigint, Promise<Buffer | null>>();
  const attributes = await ExtendedAttributes.of(source.magicPath(), () => {
    // Only a sign of life: whether the copy is still wanted is seen with the first file.
    void advance(0).catch(() => undefined);
  });
  const clone = { device: dev, root: target.magicPath(), links, advance, attributes };
  const folders = {
    from: source.magicPath(),
    to: target.magicPath(),
    before: before.map((each) => each.magicPath()),
  };
  try {
    await cloneFolder(folders, Buffer.alloc(0), clone, 0);
    await attributes?.copy(source, target);
  } catch (error) {
    throw placed(error, target.place);
  }
}

interface Clone {
  readonly device: bigint;
  readonly root: string;
  /** Where files with several names are put, below the root, by their inodes in the source; null for one that failed. */
  readonly links: Map<bigint, Promise<Buffer | null>>;
  readonly advance: Advance;
  /** Null: nothing in the source has any. */
  readonly attributes: ExtendedAttributes | null;
}

/** Open directories, by the kernel's names for them. */
interface Folders {
  readonly from: string;
  readonly to: string;
  readonly before: readonly string[];
}

async function cloneFolder(
  folders: Folders,
  below: Buffer,
  clone: Clone,
  depth: number,
): Promise<void> {
  if (depth > maximumDepth)
    throw new UserError(
      "unsupported",
      `the volume has directories more than ${maximumDepth} deep, which are not copied. Copy it with a container that mounts both`,
    );
  const names = await fs.readdir(folders.from, { encoding: "buffer" });
  for (let at = 0; at < names.length; at += batch) {
    const inner = await concurrently(names.slice(at, at + batch), async (name) => {
      const found = await unlessGone(fs.lstat(inside(folders.from, name), { bigint: true }));
      if (found === null || found.dev !== clone.device) return [];
      if (found.isDirectory()) return [{ name, found }];
      await cloneEntry(folders, name, found, below, clone);
      return [];
    });
    for (const { name, found } of inner.flat())
      await descend(folders, name, found, below, clone, depth);
  }
}

async function cloneEntry(
  folders: Folders,
  name: Buffer,
  found: BigIntStats,
  below: Buffer,
  clone: Clone,
): Promise<void> {
  const place = inside(folders.to, name);
  if (found.nlink > 1n) {
    const known = await clone.links.get(found.ino);
    if (known && (await linked(inside(clone.root, known), place))) return;
  }
  const made = makeEntry(folders, name, found, clone);
  if (found.nlink > 1n) {
    const put = made.then(
      () => joined(below, name),
      () => null,
    );
    clone.links.set(found.ino, put);
  }
  await made;
}

async function makeEntry(
  { from, to, before }: Folders,
  name: Buffer,
  found: BigIntStats,
  { advance, attributes }: Clone,
): Promise<void> {
  const [source, place] = [inside(from, name), inside(to, name)];
  if (!(await movedFromAny(before, name, place, found))) {
    if (found.isFile()) await cloneFile(source, place, () => advance(0), attributes);
    if (found.isSymbolicLink()) await cloneSymlink(source, place, found);
  }
  await advance(Number(found.blocks) * 512);
}

async function descend(
  folders: Folders,
  name: Buffer,
  found: BigIntStats,
  below: Buffer,
  clone: Clone,
  depth: number,
): Promise<void> {
  const opened = await openFolder(inside(folders.from, name));
  if (opened === null) return;
  await using source = opened;
  const place = inside(folders.to, name);
  await fs.mkdir(place, 0o700);
  await using target = await fs.open(place, folderFlags);
  await using earlier = new AsyncDisposableStack();
  const before: string[] = [];
  for (const each of folders.before) {
    const there = await openFolder(inside(each, name));
    if (there !== null) before.push(magic(earlier.use(there)));
  }
  const inner = {
    from: magic(source),
    to: magic(target),
    before,
  };
  await cloneFolder(inner, joined(below, name), clone, depth + 1);
  await dress(target, source, found, clone.attributes);
  await clone.advance(Number(found.blocks) * 512);
}

const folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

function openFolder(place: Buffer): Promise<fs.FileHandle | null> {
  return unlessGone(fs.open(place, folderFlags));
}

function magic({ fd }: fs.FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

async function cloneSymlink(from: Buffer, place: Buffer, found: BigIntStats): Promise<void> {
  const target = await unlessGone(fs.readlink(from, { encoding: "buffer" }));
  if (target === null) return;
  await fs.symlink(target, place);
  await fs.lchown(place, Number(found.uid), Number(found.gid));
  await fs.lutimes(place, Number(found.atimeNs) / 1e9, Number(found.mtimeNs) / 1e9);
}

async function movedFromAny(
  before: readonly string[],
  name: Buffer,
  place: Buffer,
  found: BigIntStats,
): Promise<boolean> {
  for (const each of before) if (await moved(inside(each, name), place, found)) return true;
  return false;
}

/** Takes a whole copy from an earlier attempt: its times came last, so a half one has others. */
async function moved(earlier: Buffer, place: Buffer, found: BigIntStats): Promise<boolean> {
  const there = await unlessGone(fs.lstat(earlier, { bigint: true }));
  if (there === null || there.nlink > 1n || !isSame(found, there)) return false;
  return (await unlessGone(fs.rename(earlier, place).then(() => true))) ?? false;
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  const apart = a.mtimeNs - b.mtimeNs;
  const sameTime = apart < nearlyNs && apart > -nearlyNs;
  return sameTime && a.size === b.size && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/** Another name for what was copied already; false if that cannot be had, and it has to be copied. */
async function linked(known: Buffer, place: Buffer): Promise<boolean> {
  try {
    await fs.link(known, place);
    return true;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "EMLINK", "ENAMETOOLONG", "EPERM")) return false;
    throw error;
  }
}

function inside(folder: string, name: Buffer): Buffer {
  return joined(Buffer.from(folder), name);
}

function joined(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, Buffer.from("/"), name]);
}

/** Null if it was removed, or replaced by something else, at this moment. */
async function unlessGone<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ENOTDIR", "ELOOP", "EINVAL")) return null;
    throw error;
  }
}
