import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { DamagedRecord, parseTrashRecord } from "../records/parse.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkVolumeName } from "../rules/names.ts";
import { parseOptions } from "../rules/options.ts";
import type { NodeIdentity, TrashEntry } from "../storage.ts";
import { keptChanging, restoreApp, tooSimilar } from "./apps.ts";
import { concurrently } from "./concurrently.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { refuseOccupied } from "./provisioning.ts";
import { abandon, dropEntry } from "./removal.ts";
import { deleteTree } from "./tree.ts";

/** `<volume>@<time>-<id>` */
const entryPattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}@[0-9]{8}T[0-9]{6}Z-[0-9a-f-]{8,36}$/;

/** All entries that hold data, oldest first. Entries whose record cannot be read are left alone and not shown. */
export async function listTrash(layout: Layout): Promise<readonly TrashEntry[]> {
  const trash = await layout.folder("trash");
  const ids = (await trash.names()).filter((id) => entryPattern.test(id));
  const found = await concurrently(ids, async (id) => {
    const record = await readEntry(trash, id);
    return record === null ? [] : [{ id, record }];
  });
  return found
    .flat()
    .toSorted(
      (a, b) => a.record.removedAt.localeCompare(b.record.removedAt) || a.id.localeCompare(b.id),
    );
}

/** Brings a volume back: the record first, as `creating`, then its data, then `ready`. */
export async function undelete(
  parts: Parts,
  layout: Layout,
  id: string,
  as: string | null,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  const trash = await layout.folder("trash");
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const trashed = entryPattern.test(id) ? await readEntry(trash, id) : null;
    const name = as ?? trashed?.volume.name ?? id.split("@")[0] ?? id;
    checkVolumeName(name);
    const existing = await parts.volumes.read(layout, name);
    if (existing?.restore === id) return finishUndelete(parts, layout, existing);
    if (trashed === null) throw noEntry(id, parts.url);
    if (existing !== null) {
      throw new UserError(
        "conflict",
        `a volume "${name}" exists. Bring this one back under another name: swarmnfs trash undelete ${id} --as NAME`,
      );
    }
    const similar = await parts.volumes.similar(layout, name);
    if (similar !== null) throw tooSimilar("volume", name, similar);
    const record: VolumeRecord = {
      ...trashed.volume,
      revision: trashed.volume.revision + 1,
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
    await restoreApp(parts, layout, record.app, trashed.app, parseOptions(record.options), birth);
    await parts.checkpoint("undelete:app");
    if (!(await parts.volumes.create(layout, name, record))) continue;
    await parts.checkpoint("undelete:written");
    return finishUndelete(parts, layout, record);
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
    await using folder = await layout.volume(record);
    const now = await parts.volumes.read(layout, record.name);
    if (now !== null && now.id === record.id && now.state === "ready") return now;
    if (folder === null || !entryPattern.test(id)) {
      // Purged or brought back under another name at the same moment: then there is nothing behind this record.
      await abandon(parts, layout, record);
      throw noEntry(id, parts.url);
    }
  }
  await parts.checkpoint("undelete:moved");
  const ready = await parts.volumes.replace(layout, record.name, record, {
    state: "ready",
    restore: null,
  });
  await parts.checkpoint("undelete:ready");
  try {
    await using entry = await trash.open(id);
    await dropEntry(trash, entry, id);
  } catch (error) {
    if (!isTrouble(error, "ENOENT")) throw error;
  }
  const now = ready ?? (await parts.volumes.read(layout, record.name));
  if (now === null || now.state !== "ready") throw keptChanging(`volume "${record.name}"`);
  return now;
}

/** Destroys entries for good. An entry leaves the trash in one step; what a crash leaves of it is swept later. */
export async function purge(
  parts: Parts,
  layout: Layout,
  ids: readonly string[],
): Promise<readonly string[]> {
  const [trash, tmp] = await Promise.all([layout.folder("trash"), layout.folder("tmp")]);
  const purged: string[] = [];
  for (const id of ids) {
    if (!entryPattern.test(id)) throw noEntry(id, parts.url);
    if (!(await trash.rename(id, tmp, `purge-${id}`))) continue; // purged before, or at this moment by somebody else
    await parts.checkpoint("purge:taken");
    await trash.sync();
    await deleteTree(tmp, `purge-${id}`, parts.progress);
    purged.push(id);
  }
  return purged;
}

async function readEntry(trash: Directory, id: string): Promise<TrashRecord | null> {
  try {
    await using entry = await trash.open(id);
    const found = await entry.read("record.json");
    return found === null || (await entry.stat("data")) === null
      ? null
      : parseTrashRecord(found.text);
  } catch (error) {
    if (error instanceof DamagedRecord || isTrouble(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

async function moveBack(
  layout: Layout,
  trash: Directory,
  id: string,
  record: VolumeRecord,
): Promise<boolean> {
  if (!entryPattern.test(id)) return false;
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

function noEntry(id: string, url: string): UserError {
  return new UserError(
    "not-found",
    `there is no "${id}" in the trash of ${url}. See: swarmnfs trash`,
  );
}
