import { rfc3339 } from "../../service/clock.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { TopDirectory } from "../storage.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { exchange, sweptAway } from "./in-place.ts";
import { mergeTree } from "./merge-tree.ts";
import { giveNumberBack } from "./numbers.ts";
import type { Layout, Parts } from "./parts.ts";
import { openStaging, ownRestore, stagingOf, writeFill } from "./restoring.ts";
import { deleteTree } from "./tree.ts";

/** Puts what was brought back where it belongs, once, and makes the volume one that can be mounted. */
export async function finishRestore(
  parts: Parts,
  layout: Layout,
  name: string,
  run: string,
  top: TopDirectory | null,
): Promise<VolumeRecord> {
  const record = await ownRestore(parts, layout, name, run);
  const tmp = await layout.folder("tmp");
  const inPlace = record.fill?.inPlace ?? null;
  const isWhole = inPlace === null || inPlace.paths.length === 0;
  if (isWhole) await dressTop(layout, record, top);
  await parts.checkpoint("restore:dressed");
  const staging = stagingOf(record);
  if (inPlace === null) await putInPlace(layout, record, tmp, staging);
  else if (isWhole) await exchange(parts, layout, record, tmp, staging);
  else await merge(parts, layout, record, tmp, staging);
  await parts.checkpoint("restore:placed");
  const filledAt = rfc3339(parts.clock.now());
  const number = isWhole && inPlace !== null ? { fsid: inPlace.fsid } : {};
  const done = { trouble: null, filledAt, inPlace: null };
  const ready = await writeFill(parts, layout, name, run, done, "ready", number);
  if (inPlace !== null && !isWhole) await giveNumberBack(layout, inPlace.fsid);
  await deleteTree(tmp, staging, parts.progress);
  return ready;
}

/** What was asked for holds, then what was saved, then what the record says. */
async function dressTop(
  layout: Layout,
  record: VolumeRecord,
  top: TopDirectory | null,
): Promise<void> {
  const staged = await openStaging(layout, record);
  if (staged === null) return;
  await using folder = staged;
  // A volume that was there before has what it came to have since it was asked for.
  const asked = record.fill?.inPlace ? {} : record.options;
  const { owner } = record;
  await folder.own(
    "uid" in asked ? owner.uid : (top?.uid ?? owner.uid),
    "gid" in asked ? owner.gid : (top?.gid ?? owner.gid),
    "mode" in asked ? owner.mode : (top?.mode ?? owner.mode),
  );
  await folder.sync();
}

async function putInPlace(
  layout: Layout,
  record: VolumeRecord,
  tmp: Directory,
  staging: string,
): Promise<void> {
  await using parent = await layout.makeParent(record);
  if (parent === null) return;
  try {
    // Done before, by this attempt; or swept away, and then nothing is in its place.
    if (!(await tmp.rename(staging, parent, record.name)) && (await isEmpty(parent, record)))
      throw sweptAway(record);
  } catch (error) {
    // An earlier attempt's came first, and is as good.
    if (!isTrouble(error, "ENOTEMPTY", "EEXIST")) throw error;
  }
  await parent.sync();
}

async function isEmpty(parent: Directory, { name }: VolumeRecord): Promise<boolean> {
  if ((await parent.stat(name)) === null) return true;
  await using folder = await parent.open(name);
  return folder.isEmpty();
}

async function merge(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  tmp: Directory,
  staging: string,
): Promise<void> {
  if ((await tmp.stat(staging)) === null) return;
  await using source = await tmp.open(staging);
  const target = await layout.volume(record);
  if (target === null) return;
  await using folder = target;
  const suffix = `.before-${record.fill?.inPlace?.entry.split("@")[1]?.split("-")[0] ?? ""}`;
  await mergeTree(source, folder, suffix, parts.progress);
}
