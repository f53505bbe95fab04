import { readFile } from "node:fs/promises";
import { mountOf, parseMountinfo } from "../../storage/mounting/mountinfo.ts";

/**
 * What tells a data disk, as it is mounted, from one that was mounted in its place. Asks the kernel alone: a disk that hangs
 * is not waited for. `place` is an absolute path without symlinks.
 */
export async function diskAt(place: string): Promise<string | null> {
  return diskIn(await readFile("/proc/self/mountinfo", "utf8"), place);
}

/** The same by a text of /proc/self/mountinfo. */
export function diskIn(mountinfo: string, place: string): string | null {
  const mount = mountOf(parseMountinfo(mountinfo), place);
  return mount === null ? null : [mount.id, mount.device, mount.root].join(" ");
}
