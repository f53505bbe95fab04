import { v7 as uuid } from "uuid";
import { formatSize } from "../../service/size.ts";
import type { StorageHealth } from "../storage.ts";
import { isTrouble } from "./file-trouble.ts";
import type { Layout } from "./layout.ts";
import type { StorageClock } from "./storage-clock.ts";

/** From this share on a storage is called nearly full. */
const nearlyFull = 0.9;

/** Looks how full the storage is, and proves by writing a little that it can be written to. */
export async function checkHealth(layout: Layout, clock: StorageClock): Promise<StorageHealth> {
  const { blocks, bavail, bsize, files, ffree } = await layout.root.statfs();
  const space = { total: blocks * bsize, free: bavail * bsize };
  const trouble = await tryToWrite(layout, clock);
  if (trouble === "read-only")
    return {
      state: trouble,
      ...space,
      notes: ["the storage is mounted read-only: nothing can be created, changed or removed"],
    };
  if (trouble === "full")
    return {
      state: trouble,
      ...space,
      notes: [`the storage is full: ${formatSize(space.free)} of ${formatSize(space.total)} free`],
    };
  const notes: string[] = [];
  if (blocks > 0 && 1 - bavail / blocks >= nearlyFull)
    notes.push(`${formatSize(space.free)} of ${formatSize(space.total)} free`);
  if (files > 0 && 1 - ffree / files >= nearlyFull)
    notes.push(`${ffree} of ${files} files left to be created`);
  return { state: notes.length > 0 ? "nearly-full" : "ok", ...space, notes };
}

async function tryToWrite(
  layout: Layout,
  clock: StorageClock,
): Promise<"read-only" | "full" | null> {
  const name = uuid();
  try {
    const tmp = await layout.folder("tmp");
    try {
      clock.observe((await tmp.write(name, "a sign of health\n")).mtimeMs);
      return null;
    } finally {
      await tmp.unlink(name);
    }
  } catch (error) {
    if (isTrouble(error, "EROFS")) return "read-only";
    if (isTrouble(error, "ENOSPC", "EDQUOT")) return "full";
    throw error;
  }
}
