import { v7 as uuid } from "uuid";
import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import { timeSchema } from "../records/fields.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { Usage } from "../storage.ts";
import { sameStamp, type Directory, type Stamp } from "./confined.ts";
import type { Layout } from "./layout.ts";
import { textOf } from "./record-file.ts";
import type { StorageClock } from "./storage-clock.ts";
import { countTree } from "./tree.ts";

const usageFile = "usage.json";
const usageSchema = z.looseObject({
  schema: z.literal(1),
  volumes: z.record(
    z.string(),
    z.object({ bytes: z.int(), files: z.int(), by: z.enum(["walk", "quota"]), at: timeSchema }),
  ),
});

/** What volumes hold, as it was last counted by any node: `.swarmnfs/usage.json`. */
export class UsageTable {
  readonly #clock: StorageClock;
  #known: { readonly stamp: Stamp; readonly volumes: ReadonlyMap<string, Usage> } | null = null;

  constructor(clock: StorageClock) {
    this.#clock = clock;
  }

  /** A table that cannot be read is no loss: it is counted anew. */
  async read(layout: Layout): Promise<ReadonlyMap<string, Usage>> {
    const stamp = await layout.meta.stat(usageFile);
    if (stamp === null) return new Map();
    if (this.#known !== null && sameStamp(this.#known.stamp, stamp)) return this.#known.volumes;
    const found = await layout.meta.read(usageFile);
    if (found === null) return new Map();
    const volumes = parseUsage(found.text);
    this.#known = { stamp: found.stamp, volumes };
    return volumes;
  }

  /** What tells one version of the table from another. */
  async seen(layout: Layout): Promise<string> {
    const stamp = await layout.meta.stat(usageFile);
    return stamp === null ? "none" : `${stamp.ino}.${stamp.mtimeNs}`;
  }

  /** Adds what was counted, and forgets volumes that are not in `keep`. The last of two writers wins: it is advisory. */
  async write(
    layout: Layout,
    counted: ReadonlyMap<string, Usage>,
    keep: ReadonlySet<string> | null,
  ): Promise<void> {
    const all = new Map([...(await this.read(layout)), ...counted]);
    const kept = [...all].filter(([volume]) => keep === null || keep.has(volume));
    const tmp = await layout.folder("tmp");
    const temporary = uuid();
    const stamp = await tmp.write(
      temporary,
      textOf({ schema: 1, volumes: Object.fromEntries(kept) }),
      true,
    );
    this.#clock.observe(stamp.mtimeMs);
    await tmp.rename(temporary, layout.meta, usageFile);
  }
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
): Promise<{ bytes: number; files: number } | null> {
  const [whole, here] = await Promise.all([root.statfs(), folder.statfs()]);
  if (whole.type !== here.type || whole.blocks === here.blocks) return null;
  if ((await root.self()).dev !== (await folder.self()).dev) return null;
  return { bytes: (here.blocks - here.bfree) * here.bsize, files: here.files - here.ffree };
}

function parseUsage(text: string): ReadonlyMap<string, Usage> {
  try {
    return new Map(Object.entries(parseRecord(text, usageSchema).volumes));
  } catch (error) {
    if (error instanceof DamagedRecord) return new Map();
    throw error;
  }
}
