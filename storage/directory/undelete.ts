import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkVolumeName } from "../rules/names.ts";
import { isMade, stateWhenMade } from "../rules/fill.ts";
import { parseOptions } from "../rules/options.ts";
import type { NodeIdentity } from "../storage.ts";
import { keptChanging, restoreApp, tooSimilar } from "./apps.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { refuseOccupied } from "./provisioning.ts";
import { abandon } from "./removal.ts";
import { dropEntry, isEntryId, noEntry, readEntry } from "./trash.ts";

/** Brings a volume back: the record first, as `creating`, then its data, then `ready`, and its entry last. */
export async function undelete(
  parts: Parts,
  layout: Layout,
  id: string,
  as: string | null,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  const trash = await layout.folder("trash");
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const entry = await readEntry(trash, id);
    const name = as ?? entry?.record.volume.name ?? id.split("@")[0] ?? id;
    checkVolumeName(name);
    const existing = await parts.volumes.read(layout, name);
    if (existing?.restore === id) return finishUndelete(parts, layout, existing);
    if (
      entry?.hasData === false &&
      existing !== null &&
      isMade(existing) &&
      existing.id === entry.record.volume.id
    ) {
      await dropEntry(trash, id); // all but this was done before
      return existing;
    }
    if (entry?.hasData !== true) throw noEntry(id, parts.url);
    if (existing !== null) {
      throw new UserError(
        "conflict",
        `a volume "${name}" exists. Bring this one back under another name: swarmnfs trash undelete ${id} --as NAME`,
      );
    }
    const record = await begin(parts, layout, id, name, entry.record, by);
    if (record !== null) return finishUndelete(parts, layout, record);
  }
  throw keptChanging(`volume "${as ?? id}"`);
}

/** Finishes an undelete that is written down; whoever meets an interrupted one calls it. */
export async function finishUndelete(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<VolumeRecord> {
  const id = record.restore ?? "";
  const trash = await layout.folder("trash");
  if (!(await moveBack(layout, trash, id, record))) {
    const now = await parts.volumes.read(layout, record.name);
    if (now?.id === record.id && isMade(now)) return now;
    if (!(await isThere(layout, record))) {
      // Purged or brought back under another name at the same moment: then there is nothing behind this record.
      await abandon(parts, layout, record);
      throw noEntry(id, parts.url);
    }
  }
  await parts.checkpoint("undelete:moved");
  const ready = await parts.volumes.replace(layout, record.name, record, {
    state: stateWhenMade(record),
    restore: null,
  });
  await parts.checkpoint("undelete:ready");
  await dropEntry(trash, id);
  const now = ready ?? (await parts.volumes.read(layout, record.name));
  if (now?.id !== record.id || !isMade(now)) throw keptChanging(`volume "${record.name}"`);
  return now;
}

async function begin(
  parts: Parts,
  layout: Layout,
  id: string,
  name: string,
  trashed: TrashRecord,
  by: NodeIdentity,
): Promise<VolumeRecord | null> {
  const similar = await parts.volumes.similar(layout, name);
  if (similar !== null) throw tooSimilar("volume", name, similar);
  const { volume, app } = trashed;
  const record: VolumeRecord = {
    ...volume,
    revision: volume.revision + 1,
    name,
    state: "creating",
    removal: null,
    restore: id,
  };
  await refuseOccupied(layout, record, parts.url);
  const birth = {
    id: record.id,
    fsid: record.fsid,
    createdAt: rfc3339(parts.clock.now()),
    createdBy: by.name,
  };
  await restoreApp(parts, layout, record.app, app, parseOptions(record.options), birth);
  await parts.checkpoint("undelete:app");
  const made = await parts.volumes.create(layout, name, record);
  await parts.checkpoint("undelete:written");
  return made ? record : null;
}

async function moveBack(
  layout: Layout,
  trash: Directory,
  id: string,
  record: VolumeRecord,
): Promise<boolean> {
  if (!isEntryId(id)) return false;
  try {
    await using entry = await trash.open(id);
    await using parent = await layout.makeParent(record);
    if (parent === null || !(await entry.rename("data", parent, record.name))) return false;
    await parent.sync();
    await entry.sync();
    return true;
  } catch (error) {
    if (isTrouble(error, "ENOENT")) return false;
    throw error;
  }
}

async function isThere(layout: Layout, record: VolumeRecord): Promise<boolean> {
  await using folder = await layout.volume(record);
  return folder !== null;
}
