import { readdirSync, readFileSync, watch } from "node:fs";
import type { FileId } from "./raw-nfs/file-handle.ts";

const folder = "/proc/self/fdinfo";
const line = /^inotify wd:(\w+) .*fhandle-type:(\w+) f_handle:((?:[0-9a-f]{2})+)/gm;

/**
 * How a file's own file system names it in file handles, generation included: a guess that is off by one number is refused
 * for that alone, and would prove nothing. The kernel tells it of everything that is watched (proc_pid_fdinfo(5)), whatever
 * file system it is. `path` is the magic one of something open, so that no disk is waited for. Throws where it is not told.
 */
export function fileIdOf(path: string): FileId {
  const before = told();
  const watcher = watch(path, { persistent: false });
  try {
    const found = [...told()].find(([key]) => !before.has(key));
    if (found === undefined)
      throw new Error("the kernel does not tell how the data disk's file system names its files");
    return found[1];
  } finally {
    watcher.close();
  }
}

/** Everything of this kind in a text of /proc/self/fdinfo, by the number of the watch. */
export function parseWatches(text: string): ReadonlyMap<string, FileId> {
  return new Map(
    Array.from(text.matchAll(line), ([, watched = "", kind = "", bytes = ""]) => [
      watched,
      { kind: Number.parseInt(kind, 16), bytes: Buffer.from(bytes, "hex") },
    ]),
  );
}

function told(): ReadonlyMap<string, FileId> {
  const all = new Map<string, FileId>();
  for (const name of readdirSync(folder))
    for (const [watched, id] of parseWatches(textOf(name))) all.set(`${name} ${watched}`, id);
  return all;
}

/** A descriptor may be closed meanwhile. */
function textOf(name: string): string {
  try {
    return readFileSync(`${folder}/${name}`, "utf8");
  } catch {
    return "";
  }
}
