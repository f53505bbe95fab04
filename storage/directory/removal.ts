import { randomBytes } from "node:crypto";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { NodeIdentity, RemoveOutcome } from "../storage.ts";
import { keptChanging, releaseApp } from "./apps.ts";
import type { Directory } from "./confined.ts";
import { giveNumberBack } from "./numbers.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { createRecordFile } from "./record-file.ts";
import { dropEntry } from "./trash.ts";
import { refuseInUse } from "./use-signs.ts";

const dayMs = 86_400_000;

/** Moves a volume to the trash, or lets it rest (`retain`), or forgets it (`root`). */
export async function removeVolume(
  parts: Parts,
  layout: Layout,
  name: string,
  by: NodeIdentity,
): Promise<RemoveOutcome> {
  let meant: string | null = null;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.volumes.read(layout, name);
    // Another life of the same name is not what was to be removed, however long we slept.
    if (record === null || record.id !== (meant ?? record.id)) throw notFound(name, parts.url);
    meant = record.id;
    if (record.state === "retained") return { kind: "retained" };
    if (record.state === "trashed") {
      await takeBackIfUsed(parts, layout, record, by);
      return finishOwn(parts, layout, record, by);
    }
    refuseInUse(name, await parts.uses.of(layout, name), by, parts.clock.now());
    const marked = await parts.volumes.replace(layout, name, record, mark(parts, record, by));
    if (marked === null) continue;
    await parts.checkpoint("removal:marked");
    await takeBackIfUsed(parts, layout, marked, by, record.state);
    if (marked.state === "retained") return { kind: "retained" };
    return finishOwn(parts, layout, marked, by);
  }
  throw keptChanging(`volume "${name}"`);
}

/**
 * Finishes a removal that somebody else wrote down, or takes it back if a node uses the volume: whoever wrote it may
 * have died before looking at the signs of use a second time. All who meet one may call it at once.
 */
export async function settleRemoval(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<void> {
  const { removal } = record;
  // What the remover itself shows did not keep it from removing.
  const remover = { id: removal?.nodeId ?? "", name: removal?.by ?? "" };
  try {
    await takeBackIfUsed(parts, layout, record, remover);
  } catch (error) {
    if (error instanceof UserError && error.code === "in-use") return;
    throw error;
  }
  await finishRemoval(parts, layout, record);
}

async function finishOwn(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  by: NodeIdentity,
): Promise<RemoveOutcome> {
  const outcome = await finishRemoval(parts, layout, record);
  if (outcome !== null) return outcome;
  refuseInUse(record.name, await parts.uses.of(layout, record.name), by, parts.clock.now());
  throw keptChanging(`volume "${record.name}"`); // not begun again: it may have been brought back on purpose
}

/** Null if somebody took the removal back meanwhile. */
async function finishRemoval(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<RemoveOutcome | null> {
  const { removal } = record;
  let outcome: RemoveOutcome = { kind: "forgotten" };
  if (removal && !record.root) {
    const trash = await layout.folder("trash");
    await using entry = await trash.make(removal.entry, 0o700);
    await writeTrashRecord(parts, layout, entry, record);
    await trash.sync();
    await parts.checkpoint("removal:written");
    await moveData(parts, layout, record, entry);
    await parts.checkpoint("removal:moved");
    if ((await entry.stat("data")) !== null)
      outcome = { kind: "trashed", entry: removal.entry, purgeAt: removal.purgeAt };
    else await dropEntry(trash, removal.entry); // it never came to have a directory
  }
  if (!removal && !record.root && (await isStill(parts, layout, record)))
    await dropEmpty(layout, record);
  const now = await parts.volumes.read(layout, record.name);
  if (now?.id === record.id && now.state !== "trashed") return null;
  if (await isStill(parts, layout, record)) await parts.uses.clear(layout, record.name);
  await releaseIfLast(parts, layout, record);
  await parts.checkpoint("removal:released");
  if (await isStill(parts, layout, record)) await parts.volumes.delete(layout, record.name, record);
  return outcome;
}

/** Takes back the record of a volume that could not be made; its directory goes only if it is empty. */
export async function abandon(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  const marked = await parts.volumes.replace(layout, record.name, record, {
    state: "trashed",
    removal: null,
    restore: null,
  });
  if (marked === null) return;
  await finishRemoval(parts, layout, marked);
  await giveNumberBack(layout, record.fsid);
}

export function notFound(name: string, url: string): UserError {
  return new UserError(
    "not-found",
    `there is no volume "${name}" on ${url}. See: docker volume ls, and for removed ones: swarmnfs trash`,
  );
}

function mark(parts: Parts, record: VolumeRecord, by: NodeIdentity): Partial<VolumeRecord> {
  if (record.onRemove === "retain" && !record.root && record.state !== "creating")
    return { state: "retained" };
  const now = parts.clock.now();
  const days = record.onRemove === "delete" ? 1 : parts.trashDays;
  const second = rfc3339(now).replaceAll(/[-:]/g, "");
  const entry = `${record.name}@${second}-${randomBytes(4).toString("hex")}`;
  // To the millisecond: of two volumes of one name removed within a second, one is the newer.
  const at = new Date(now).toISOString();
  return {
    state: "trashed",
    removal: {
      entry,
      at,
      by: by.name,
      nodeId: by.id,
      from: record.state,
      purgeAt: new Date(now + days * dayMs).toISOString(),
    },
  };
}

// A node that attaches writes its sign before it reads the record, we write the record before we read the signs: so
// one of the two always sees the other.
async function takeBackIfUsed(
  parts: Parts,
  layout: Layout,
  marked: VolumeRecord,
  by: NodeIdentity,
  before: VolumeRecord["state"] = marked.removal?.from ?? "ready",
): Promise<void> {
  const { name, removal } = marked;
  if (marked.state === "trashed" && !removal) return; // it never came to be
  try {
    refuseInUse(name, await parts.uses.of(layout, name), by, parts.clock.now());
  } catch (error) {
    // Where the data has gone already, the removal is past taking back: its entry outlives the signs.
    if (!(await isInPlace(layout, marked))) return;
    await parts.volumes.replace(layout, name, marked, { state: before, removal: null });
    await returnIfTakenBack(parts, layout, marked);
    throw error;
  }
}

// One takes a removal back while another is about to move the data: whoever comes second puts it where it belongs.
async function returnIfTakenBack(
  parts: Parts,
  layout: Layout,
  marked: VolumeRecord,
): Promise<void> {
  const { name, removal } = marked;
  const now = await parts.volumes.read(layout, name);
  if (!removal || now?.id !== marked.id || now.state === "trashed") return;
  if (await isInPlace(layout, marked)) return;
  const trash = await layout.folder("trash");
  if ((await trash.stat(removal.entry)) === null) return;
  await using entry = await trash.open(removal.entry);
  await using parent = await layout.makeParent(marked);
  if (parent === null || !(await entry.rename("data", parent, name))) return;
  await parent.sync();
  await entry.sync();
}

async function isInPlace(layout: Layout, record: VolumeRecord): Promise<boolean> {
  if (record.root) return true;
  await using folder = await layout.volume(record);
  return folder !== null;
}

async function writeTrashRecord(
  parts: Parts,
  layout: Layout,
  entry: Directory,
  record: VolumeRecord,
): Promise<void> {
  const { removal } = record;
  if (!removal || (await entry.stat("record.json")) !== null) return;
  const app = await parts.apps.read(layout, record.app).catch(ignoreDamage);
  const trashed: TrashRecord = {
    schema: 1,
    volume: record,
    app,
    removedAt: removal.at,
    removedBy: removal.by,
    purgeAt: removal.purgeAt,
  };
  await createRecordFile(layout, entry, "record.json", trashed, parts.clock, (_folder, call) =>
    call(),
  );
}

async function moveData(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  entry: Directory,
): Promise<void> {
  await using parent = await layout.parent(record);
  const meant = (await parent?.stat(record.name)) ?? null;
  if (parent === null || meant === null || !(await isStill(parts, layout, record))) return;
  await parts.checkpoint("removal:moving");
  if (!(await parent.rename(record.name, entry, "data"))) return;
  // While we slept somebody may have finished, and the name may have come again: that one's data stays.
  const moved = await entry.stat("data");
  if (moved !== null && moved.ino !== meant.ino) await entry.rename("data", parent, record.name);
  await entry.sync();
  await parent.sync();
  await returnIfTakenBack(parts, layout, record);
}

async function dropEmpty(layout: Layout, record: VolumeRecord): Promise<void> {
  await using parent = await layout.parent(record);
  await parent?.rmdir(record.name);
}

// Its folder goes with an app's last volume, which is also how we know that it was the last.
async function releaseIfLast(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  await using parent = record.root ? null : await layout.root.make("apps", 0o755);
  if (parent === null || !(await parent.rmdir(record.app))) return;
  await releaseApp(parts, layout, record.app).catch(ignoreDamage);
}

// Somebody may have finished before us, and the name may have come again.
async function isStill(parts: Parts, layout: Layout, record: VolumeRecord): Promise<boolean> {
  const now = await parts.volumes.read(layout, record.name);
  return now !== null && now.id === record.id && now.revision === record.revision;
}

// A damaged app is left alone, and is no reason to keep a volume.
function ignoreDamage(error: unknown): null {
  if (error instanceof UserError && error.code === "unavailable") return null;
  throw error;
}
