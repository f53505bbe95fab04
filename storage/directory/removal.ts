import { randomBytes } from "node:crypto";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { NodeIdentity, RemoveOutcome } from "../storage.ts";
import { keptChanging, releaseApp } from "./apps.ts";
import type { Directory } from "./confined.ts";
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
    if (record.state === "trashed") return finishRemoval(parts, layout, record);
    refuseInUse(name, await parts.uses.of(layout, name), by, parts.clock.now());
    const marked = await parts.volumes.replace(layout, name, record, mark(parts, record, by));
    if (marked === null) continue;
    await parts.checkpoint("removal:marked");
    await takeBackIfUsed(parts, layout, record, marked, by);
    return marked.state === "retained"
      ? { kind: "retained" }
      : finishRemoval(parts, layout, marked);
  }
  throw keptChanging(`volume "${name}"`);
}

/** Finishes a removal that is written down; whoever meets an interrupted one calls it, and all may at once. */
export async function finishRemoval(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<RemoveOutcome> {
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
  await parts.uses.clear(layout, record.name);
  await releaseIfLast(parts, layout, record);
  await parts.checkpoint("removal:released");
  if (await isStill(parts, layout, record)) await parts.volumes.delete(layout, record.name);
  return outcome;
}

/** Takes back the record of a volume that could not be made; its directory goes only if it is empty. */
export async function abandon(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  const marked = await parts.volumes.replace(layout, record.name, record, {
    state: "trashed",
    removal: null,
    restore: null,
  });
  if (marked !== null) await finishRemoval(parts, layout, marked);
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
    removal: { entry, at, by: by.name, purgeAt: new Date(now + days * dayMs).toISOString() },
  };
}

// A node that attaches writes its sign before it reads the record, we write the record before we read the signs: so
// one of the two always sees the other.
async function takeBackIfUsed(
  parts: Parts,
  layout: Layout,
  before: VolumeRecord,
  marked: VolumeRecord,
  by: NodeIdentity,
): Promise<void> {
  try {
    refuseInUse(before.name, await parts.uses.of(layout, before.name), by, parts.clock.now());
  } catch (error) {
    await parts.volumes.replace(layout, before.name, marked, {
      state: before.state,
      removal: null,
    });
    throw error;
  }
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
  if (parent === null || !(await isStill(parts, layout, record))) return;
  if (!(await parent.rename(record.name, entry, "data"))) return;
  await entry.sync();
  await parent.sync();
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
