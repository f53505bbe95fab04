import { UserError } from "../../service/user-error.ts";
import { DamagedRecord, parseTrashRecord } from "../records/parse.ts";
import type { TrashRecord } from "../records/trash.ts";
import type { TrashEntry } from "../storage.ts";
import { concurrently } from "./concurrently.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { dropLimit } from "./limits.ts";
import { giveNumberBack } from "./numbers.ts";
import type { Layout, Parts } from "./parts.ts";
import { deleteTree } from "./tree.ts";

/** `<volume>@<time>-<id>` */
const entryPattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}@[0-9]{8}T[0-9]{6}Z-[0-9a-f-]{8,36}$/;

/** An entry may be without data that long: while it is made, and while it is brought back. */
const unfinishedMs = 86_400_000;

/** Whether a text may name an entry; nothing else ever becomes a path. */
export function isEntryId(text: string): boolean {
  return entryPattern.test(text);
}

export function noEntry(id: string, url: string): UserError {
  return new UserError(
    "not-found",
    `there is no "${id}" in the trash of ${url}. See: swarmnfs trash`,
  );
}

/** All entries that hold data, oldest first. Entries whose record cannot be read are left alone and not shown. */
export async function listTrash(layout: Layout): Promise<readonly TrashEntry[]> {
  const entries = await entriesOf(layout);
  return entries
    .map(({ id, record }) => ({ id, record }))
    .toSorted(
      (a, b) => a.record.removedAt.localeCompare(b.record.removedAt) || a.id.localeCompare(b.id),
    );
}

/**
 * Those whose time is over by what they say, and which have been there for as long by the storage's clock: that of the node
 * which removed them may have been wrong.
 */
export async function listExpired(
  { clock }: Pick<Parts, "clock">,
  layout: Layout,
): Promise<readonly TrashEntry[]> {
  const now = clock.now();
  return (await entriesOf(layout)).filter(({ record, writtenMs }) => {
    const purgeAt = Date.parse(record.purgeAt);
    return purgeAt <= now && now - writtenMs >= purgeAt - Date.parse(record.removedAt);
  });
}

async function entriesOf(
  layout: Layout,
): Promise<readonly (TrashEntry & { readonly writtenMs: number })[]> {
  const trash = await layout.folder("trash");
  const ids = (await trash.names()).filter(isEntryId);
  const found = await concurrently(ids, async (id) => {
    const entry = await readEntry(trash, id);
    if (entry?.hasData !== true) return [];
    return [{ id, record: entry.record, writtenMs: entry.writtenMs }];
  });
  return found.flat();
}

/** What an entry says and when that was written, and whether its data is there; null for one that cannot be read. */
export async function readEntry(
  trash: Directory,
  id: string,
): Promise<{
  readonly record: TrashRecord;
  readonly writtenMs: number;
  readonly hasData: boolean;
} | null> {
  if (!isEntryId(id)) return null;
  try {
    await using entry = await trash.open(id);
    const found = await entry.read("record.json");
    if (found === null) return null;
    return {
      record: parseTrashRecord(found.text),
      writtenMs: Number(found.stamp.mtimeMs),
      hasData: (await entry.stat("data")) !== null,
    };
  } catch (error) {
    if (error instanceof DamagedRecord || isTrouble(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** Removes an entry that holds nothing but its record; fine if it is gone. */
export async function dropEntry(trash: Directory, id: string): Promise<void> {
  try {
    await using entry = await trash.open(id);
    await entry.unlink("record.json");
  } catch (error) {
    if (isTrouble(error, "ENOENT")) return;
    throw error;
  }
  await trash.rmdir(id);
  await trash.sync();
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
    if (!isEntryId(id)) throw noEntry(id, parts.url);
    const entry = await readEntry(trash, id);
    if (!(await trash.rename(id, tmp, `purge-${id}`))) continue; // purged before, or at this moment by somebody else
    await parts.checkpoint("purge:taken");
    await trash.sync();
    await deleteTree(tmp, `purge-${id}`, parts.progress);
    purged.push(id);
    if (entry === null) continue;
    const { volume } = entry.record;
    // What is left of a limit after a failure limits nothing.
    await dropLimit(parts, layout, volume).catch(() => undefined);
    await giveNumberBack(layout, volume.fsid);
  }
  return purged;
}

/** Removes entries that an interrupted removal or undelete left without data. */
export async function dropUnfinished(parts: Parts, layout: Layout): Promise<void> {
  const trash = await layout.folder("trash");
  for (const id of (await trash.names()).filter(isEntryId)) {
    const stamp = await trash.stat(id);
    if (stamp === null || parts.clock.now() - Number(stamp.ctimeMs) < unfinishedMs) continue;
    if ((await readEntry(trash, id))?.hasData === false) await dropEntry(trash, id);
  }
}
