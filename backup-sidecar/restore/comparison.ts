import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import type { Node } from "../engine/app-repository.ts";

/** So many differences are named. */
const named = 50;
/** Milliseconds: how precisely Node.js tells times. */
const nearlyMs = 1;

export interface Comparison {
  /** Files, directories and the rest that were looked at. */
  readonly compared: number;
  /** In words for people, the first ones; `differing` counts all. */
  readonly differences: readonly string[];
  readonly differing: number;
}

/**
 * Holds what was brought back below `folder` against a version's own list: kind, size, mode, owner and time of everything.
 * What is in the files restic compares itself. With `partial` only what is there is looked at. Names that are no text
 * cannot be found by the list, and are left to restic.
 */
export async function compare(
  folder: string,
  nodes: AsyncIterable<Node>,
  partial: boolean,
  onCompared: () => void = () => {},
): Promise<Comparison> {
  const differences: string[] = [];
  let [compared, differing] = [0, 0];
  for await (const node of nodes) {
    if (node.path.includes("\uFFFD") || node.type === "socket") continue;
    const found = await lstat(`${folder}${node.path}`).catch(ifMissing);
    if (found === null && partial) continue;
    compared += 1;
    onCompared();
    const wrong = found === null ? "is missing" : difference(node, found);
    if (wrong === null) continue;
    differing += 1;
    if (differences.length < named) differences.push(`${node.path} ${wrong}`);
  }
  return { compared, differences, differing };
}

function difference(node: Node, found: Stats): string | null {
  const kind = kindOf(found);
  if (kind !== node.type) return `is a ${kind}, and was a ${node.type}`;
  if (node.type === "file" && found.size !== node.size)
    return `has ${found.size} bytes, and had ${node.size}`;
  if (found.uid !== node.uid || found.gid !== node.gid)
    return `belongs to ${found.uid}:${found.gid}, and belonged to ${node.uid}:${node.gid}`;
  const [is, was] = [found.mode & 0o7777, node.mode];
  if (node.type !== "symlink" && is !== was)
    return `has mode ${is.toString(8)}, and had ${was.toString(8)}`;
  const apart = Math.abs(found.mtimeMs - Date.parse(node.mtime));
  return apart > nearlyMs ? `was changed at ${found.mtime.toISOString()}, not ${node.mtime}` : null;
}

function kindOf(found: Stats): Node["type"] {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "dir";
  if (found.isSymbolicLink()) return "symlink";
  if (found.isFIFO()) return "fifo";
  if (found.isCharacterDevice()) return "chardev";
  return found.isBlockDevice() ? "dev" : "socket";
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
}
