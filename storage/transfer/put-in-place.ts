import * as fs from "node:fs/promises";
import type { Directory } from "../directory/confined.ts";
import { isTrouble, placed } from "../directory/file-trouble.ts";
import { occupied } from "./workplace.ts";

/**
 * Moves all that is in `from` to `to`, on the same file system; may be begun again after a crash at any point. Nothing is
 * replaced, whoever writes there meanwhile: what is no directory gets its new name by link(2), which refuses a name that is
 * taken, and a directory takes no place but that of an empty one. Throws `conflict` if a name is taken.
 */
export async function putInPlace(from: Directory, to: Directory): Promise<void> {
  const taken: string[] = [];
  for (const name of await fs.readdir(from.magicPath(), { encoding: "buffer" })) {
    const [old, place] = [inside(from, name), inside(to, name)];
    try {
      const found = await fs.lstat(old);
      if (found.isDirectory()) await fs.rename(old, place);
      else await renameNew(old, place);
    } catch (error) {
      const trouble = placed(error, name.toString());
      if (!isTrouble(trouble, "EEXIST", "ENOTEMPTY", "ENOTDIR", "EISDIR")) throw trouble;
      taken.push(name.toString());
    }
  }
  if (taken.length > 0) throw occupied(taken);
  await to.sync();
  await from.sync();
}

async function renameNew(old: Buffer, place: Buffer): Promise<void> {
  try {
    await fs.link(old, place);
  } catch (error) {
    // Between the two steps an earlier run was ended.
    if (!(await isOne(old, place))) throw error;
  }
  await fs.unlink(old);
}

async function isOne(a: Buffer, b: Buffer): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([a, b].map((path) => fs.lstat(path, { bigint: true })));
    return one?.ino === other?.ino && one?.dev === other?.dev;
  } catch {
    return false;
  }
}

function inside(folder: Directory, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder.magicPath()}/`), name]);
}
