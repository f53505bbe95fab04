import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { runBounded } from "../mounting/bounded-command.ts";

/** How long a mount or unmount may take, in milliseconds: none of them asks the network. */
const boundMs = 10_000;

/**
 * Works below a sysfs of our own, which shows this network name space and can be written: `/sys` is read-only in a
 * managed plugin. It is there for the moment, at `name` below `folder`; never twice at once.
 */
export function withOwnSysfs<Result>(
  folder: string,
  name: string,
  work: (sys: string) => Promise<Result>,
): Promise<Result> {
  return inFolder(folder, name, async (place) => {
    const args = ["-t", "sysfs", "-o", "nosuid,nodev,noexec", "sysfs", place];
    await runBounded("mount", args, boundMs);
    try {
      return await work(place);
    } finally {
      await runBounded("umount", ["--lazy", place], boundMs);
    }
  });
}

/** Works in a directory that is made for it and taken away afterwards. */
export async function inFolder<Result>(
  folder: string,
  name: string,
  work: (place: string) => Promise<Result>,
): Promise<Result> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true, mode: 0o700 });
  try {
    return await work(place);
  } finally {
    await rmdir(place).catch(() => {}); // where a process was killed in the middle, its mount is still there
  }
}
