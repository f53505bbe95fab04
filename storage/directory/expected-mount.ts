import { readFile } from "node:fs/promises";
import { directoryOf, parseMountinfo, topmostAt, type MountEntry } from "../mounting/mountinfo.ts";
import { StorageUnavailable } from "../unavailable.ts";
import type { Directory } from "./confined.ts";

/** What must be mounted where a storage is, for the directory below a missing mount is never to be taken for it. */
export interface ExpectedMount {
  /** Its type as the kernel's table of mounts has it, as fuse.glusterfs; null: any. */
  readonly type: string | null;
  /** Where this process sees the machine's directories: its root, or what a container was given of them. */
  readonly from: string;
}

/**
 * Throws `unavailable` unless `root`, an open directory, lies in a mount as it is expected. It is the open directory that is
 * looked at, so that nothing can be unmounted between the look and what is done in it.
 */
export async function refuseUnmounted(
  root: Directory,
  url: string,
  expected: ExpectedMount,
): Promise<void> {
  const opened = await readFile(`/proc/self/fdinfo/${root.fd}`, "utf8");
  const id = Number(/^mnt_id:\s*(\d+)$/m.exec(opened)?.[1]);
  const entries = parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
  // One that is not in the table was detached in this moment.
  const found = entries.find((entry) => entry.id === id) ?? null;
  if (found !== null && isExpected(entries, found, expected)) return;
  const what = expected.type === null ? "a mount" : `a mount of type ${expected.type}`;
  const instead =
    found === null
      ? "it was just unmounted"
      : `what is there is on the ${found.type} of ${at(found, expected)}`;
  throw new StorageUnavailable(
    `${url} is not mounted on this node: ${what} was expected, and ${instead}. Mount it; this works again then, and nothing is written there meanwhile`,
  );
}

/** Whether `found`, the mount that a directory lies in, is one as it is expected. */
export function isExpected(
  entries: readonly MountEntry[],
  found: MountEntry,
  { type, from }: ExpectedMount,
): boolean {
  if (type !== null && found.type !== type) return false;
  const base = topmostAt(entries, from);
  if (base === null) return false;
  // What a container was given may be the mount itself: the whole of a file system, of which its type is all that can be told.
  if (found.id === base.id) return type !== null && from !== "/" && base.root === "/";
  const top = from === "/" ? "" : from;
  if (!found.mountPoint.startsWith(`${top}/`)) return false;
  // A directory that is mounted on itself, as is done to pass mounts on to containers, is still the directory.
  const way = found.mountPoint.slice(top.length);
  const itself = `${directoryOf(base) === "/" ? "" : directoryOf(base)}${way}`;
  return found.device !== base.device || directoryOf(found) !== itself;
}

/** The place of a mount as the administrator knows it, as far as it can be told. */
function at({ mountPoint }: MountEntry, { from }: ExpectedMount): string {
  return mountPoint === from && from !== "/" ? "the directory above it" : `"${mountPoint}"`;
}
