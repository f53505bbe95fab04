import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { v7 as uuid } from "uuid";
import { UserError } from "../../service/user-error.ts";
import type { Directory } from "./confined.ts";
import { isTrouble, placed } from "./file-trouble.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Deeper than that a tree is cut and its lower part treated on its own, so that no depth exhausts our descriptors. */
const maximumDepth = 200;
/** Cut off parts that are waited for at once while counting; what is beyond is not counted. */
const maximumCuts = 500;

/** What {@link countTree} found: every inode counts as a file, as quotas count them; hard links count once. */
export interface Count {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Destroys `parent/name` with everything in it. Symlinks are removed, never followed; what is mounted inside is not
 * entered. Names are bytes, not text: a container may have written any. Throws `in-use` if something is mounted there.
 */
export async function deleteTree(
  parent: Directory,
  name: string,
  progress: () => void,
): Promise<void> {
  const mount = await mountId(parent.magicPath());
  const todo = [name];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const found = await parent.stat(next);
    if (found?.isDirectory() === false) await parent.unlink(next);
    if (!found?.isDirectory()) continue;
    await using root = await parent.open(next);
    const cut = async (path: Buffer): Promise<void> => {
      const moved = `purge-deep-${uuid()}`;
      await fs.rename(path, `${parent.magicPath()}/${moved}`);
      todo.push(moved);
    };
    try {
      await empty(root.magicPath(), { mount, progress, cut }, 0);
    } catch (error) {
      throw placed(error, `${parent.place}/${next}`);
    }
    if (await parent.rmdir(next)) continue;
    throw new UserError(
      "in-use",
      `"${parent.place}/${next}" cannot be destroyed: something is mounted in it, or writes there. It stays where it is`,
    );
  }
}

/** Counts a volume's bytes and files, without following symlinks or entering what is mounted inside. */
export async function countTree(root: Directory, progress: () => void): Promise<Count> {
  const own = await root.self();
  const total = { bytes: Number(own.blocks) * 512, files: 1, linked: new Set<bigint>() };
  const walk = {
    total,
    device: own.dev,
    mount: await mountId(root.magicPath()),
    cuts: [] as fs.FileHandle[],
    progress,
  };
  try {
    await count(root.magicPath(), walk, 0);
    for (let cut = walk.cuts.pop(); cut !== undefined; cut = walk.cuts.pop()) {
      await using handle = cut;
      await count(`/proc/self/fd/${handle.fd}`, walk, 0);
    }
  } catch (error) {
    throw placed(error, root.place);
  } finally {
    for (const cut of walk.cuts) await cut.close();
  }
  return { bytes: total.bytes, files: total.files };
}

interface Deletion {
  readonly mount: string;
  readonly progress: () => void;
  /** Moves a directory that lies too deep away, to be deleted on its own. */
  readonly cut: (path: Buffer) => Promise<void>;
}

async function empty(folder: string, deletion: Deletion, depth: number): Promise<void> {
  for await (const { path, directory } of children(folder)) {
    deletion.progress();
    if (!directory && (await unlinked(path))) continue;
    if (depth >= maximumDepth) {
      await deletion.cut(path);
      continue;
    }
    const child = await openDirectory(path);
    if (child === null) continue;
    await using handle = child;
    const magic = `/proc/self/fd/${handle.fd}`;
    if ((await mountId(magic)) !== deletion.mount) continue;
    await empty(magic, deletion, depth + 1);
    await fs.rmdir(path).catch(unlessBusy);
  }
}

interface Walk {
  readonly total: { bytes: number; files: number; readonly linked: Set<bigint> };
  readonly device: bigint;
  readonly mount: string;
  readonly cuts: fs.FileHandle[];
  readonly progress: () => void;
}

async function count(folder: string, walk: Walk, depth: number): Promise<void> {
  for await (const { path } of children(folder)) {
    const found = await unlessGone(fs.lstat(path, { bigint: true }));
    walk.progress();
    if (found === null || found.dev !== walk.device) continue;
    if (!found.isDirectory()) {
      if (found.nlink > 1n && walk.total.linked.has(found.ino)) continue;
      if (found.nlink > 1n) walk.total.linked.add(found.ino);
    }
    walk.total.bytes += Number(found.blocks) * 512;
    walk.total.files += 1;
    if (found.isDirectory()) await descend(path, walk, depth);
  }
}

async function descend(path: Buffer, walk: Walk, depth: number): Promise<void> {
  const handle = await openDirectory(path);
  if (handle === null) return;
  const magic = `/proc/self/fd/${handle.fd}`;
  if (depth >= maximumDepth && walk.cuts.length < maximumCuts) {
    walk.cuts.push(handle);
    return;
  }
  try {
    if (depth < maximumDepth && (await mountId(magic)) === walk.mount)
      await count(magic, walk, depth + 1);
  } finally {
    await handle.close();
  }
}

/** What a directory holds, with paths made of bytes (latin1 keeps each byte as it is). */
async function* children(
  folder: string,
): AsyncGenerator<{ readonly path: Buffer; readonly directory: boolean }> {
  const prefix = Buffer.from(`${folder}/`);
  for await (const entry of await fs.opendir(folder, { encoding: "latin1", bufferSize: 256 })) {
    yield {
      path: Buffer.concat([prefix, Buffer.from(entry.name, "latin1")]),
      directory: entry.isDirectory(),
    };
  }
}

async function openDirectory(path: Buffer): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT", "ENOTDIR", "ELOOP")) return null; // gone, or replaced, at this moment
    throw error;
  }
}

/** Which mount an open directory lies on: the device alone does not tell a bind mount. */
export async function mountId(magicPath: string): Promise<string> {
  const text = await fs.readFile(magicPath.replace("/fd/", "/fdinfo/"), "utf8");
  return /^mnt_id:\s*(\d+)$/m.exec(text)?.[1] ?? "";
}

/** False if it is a directory after all. */
async function unlinked(path: Buffer): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT")) return true;
    if (isTrouble(placed(error, ""), "EISDIR")) return false;
    throw error;
  }
}

async function unlessGone<Result>(work: Promise<Result>): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (isTrouble(placed(error, ""), "ENOENT")) return null;
    throw error;
  }
}

function unlessBusy(error: unknown): void {
  if (!isTrouble(placed(error, ""), "ENOENT", "ENOTEMPTY", "EBUSY")) throw error;
}
