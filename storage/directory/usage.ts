import type { StatsFs } from "node:fs";
import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import { timeSchema } from "../records/fields.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { Usage } from "../storage.ts";
import { AdvisoryTable } from "./advisory-table.ts";
import type { Directory } from "./confined.ts";
import type { Layout } from "./layout.ts";
import type { StorageClock } from "./storage-clock.ts";
import { countTree } from "./tree.ts";

const usageSchema = z.object({
  bytes: z.int(),
  files: z.int().optional(),
  by: z.enum(["walk", "quota"]),
  at: timeSchema,
});

/** What volumes hold, as it was last counted by any node: `.swarmnfs/usage.json`. */
export function usageTable(clock: StorageClock): AdvisoryTable<Usage> {
  return new AdvisoryTable<Usage>("usage.json", usageSchema, clock);
}

/** When volumes were last used, as housekeepers saw it: `.swarmnfs/last-use.json`. */
export function lastUseTable(clock: StorageClock): AdvisoryTable<string> {
  return new AdvisoryTable<string>("last-use.json", timeSchema, clock);
}

/**
 * Counts one volume: by its project quota where the file system limits this directory (then statfs(2) of it answers
 * for the quota, in no time), else by walking.
 */
export async function countVolume(
  layout: Layout,
  volume: VolumeRecord,
  now: number,
  progress: () => void,
): Promise<Usage> {
  const at = rfc3339(now);
  await using folder = await layout.volume(volume);
  if (folder === null) return { bytes: 0, files: 0, by: "walk", at };
  const quota = await quotaOf(layout.root, folder);
  return quota === null
    ? { ...(await countTree(folder, progress)), by: "walk", at }
    : { ...quota, by: "quota", at };
}

async function quotaOf(
  root: Directory,
  folder: Directory,
): Promise<Pick<Usage, "bytes" | "files"> | null> {
  const [whole, here] = await Promise.all([root.statfs(), folder.statfs()]);
  if (whole.type !== here.type || (await root.self()).dev !== (await folder.self()).dev)
    return null;
  return usedOf(whole, here);
}

type Space = Pick<StatsFs, "bsize" | "blocks" | "bfree" | "files" | "ffree">;

/**
 * What statfs(2) of a directory with a project quota says beside that of the whole file system; null if it has no limit.
 * Where the quota limits bytes alone, files are those of the whole file system, and so nothing is said of them.
 */
export function usedOf(whole: Space, here: Space): Pick<Usage, "bytes" | "files"> | null {
  if (whole.blocks === here.blocks) return null;
  const bytes = (here.blocks - here.bfree) * here.bsize;
  return whole.files === here.files ? { bytes } : { bytes, files: here.files - here.ffree };
}
