import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuid } from "uuid";
import { DamagedRecord } from "../records/parse.ts";
import type { Directory, Stamp } from "./confined.ts";
import type { Layout } from "./layout.ts";
import type { StorageClock } from "./storage-clock.ts";

/** What all records that are replaced by compare-and-swap have in common. */
export interface Revised {
  readonly revision: number;
}

export interface RecordKind<Kind extends Revised> {
  readonly folder: "volumes" | "apps";
  /** Throws {@link DamagedRecord}. */
  readonly parse: (text: string, name: string) => Kind;
  /** Whether two revisions are of one thing's life, not of a former one's of the same name. */
  readonly sameLife: (a: Kind, b: Kind) => boolean;
}

/** Runs the one call that changes a folder of records, so that its index can be kept. */
export type FolderChange = <Result>(
  folder: Directory,
  call: () => Promise<Result>,
) => Promise<Result>;

export interface Written {
  readonly stamp: Stamp;
}

/** Milliseconds that another's unfinished replacement is watched before it is finished for them. */
const patienceMs = 2000;

export function fileOf(name: string): string {
  return `${name}.json`;
}

export function textOf(record: unknown): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Writes a record that must not be there yet, by link(2); null if it is. */
export async function createRecordFile(
  layout: Layout,
  folder: Directory,
  file: string,
  record: unknown,
  clock: StorageClock,
  change: FolderChange,
): Promise<Written | null> {
  const tmp = await layout.folder("tmp");
  const temporary = uuid();
  try {
    const stamp = await tmp.write(temporary, textOf(record));
    clock.observe(stamp.mtimeMs);
    if (!(await change(folder, () => tmp.link(temporary, folder, file)))) return null;
    await folder.sync();
    return { stamp };
  } finally {
    await tmp.unlink(temporary);
  }
}

/**
 * Replaces a record by its next revision, by compare-and-swap on shared directories: the next revision is linked as
 * `claims/<folder>.<name>.<revision>`, which only one can do, and then moved over the record. Returns null if the
 * record is not `current` any more. What a crash leaves behind is one claim, which the next one finishes.
 */
export async function replaceRecordFile<Kind extends Revised>(
  kind: RecordKind<Kind>,
  layout: Layout,
  name: string,
  current: Kind,
  next: Kind,
  clock: StorageClock,
  change: FolderChange,
  checkpoint: (name: string) => Promise<void>,
): Promise<Written | null> {
  const [folder, claims, tmp] = await Promise.all([
    layout.folder(kind.folder),
    layout.folder("claims"),
    layout.folder("tmp"),
  ]);
  const claim = claimOf(kind, name, next.revision);
  const temporary = uuid();
  const text = textOf(next);
  let stamp: Stamp;
  try {
    const written = await tmp.write(temporary, text);
    clock.observe(written.mtimeMs);
    stamp = written;
    if (!(await tmp.link(temporary, claims, claim))) {
      await settleClaim(kind, layout, name, current, change);
      return null;
    }
  } finally {
    await tmp.unlink(temporary);
  }
  await checkpoint(`claimed:${kind.folder}`);
  // Somebody may have gone through this revision while we slept; then our claim is of the past.
  const now = await read(kind, folder, name);
  if (now === null || now.revision !== current.revision || !kind.sameLife(now, current)) {
    await claims.unlink(claim);
    return null;
  }
  const moved = await change(folder, () => claims.rename(claim, folder, fileOf(name)));
  // Not there: somebody lost patience with us and finished it. Then the record says what we wanted, or is newer.
  if (!moved && (await folder.read(fileOf(name)))?.text !== text) return null;
  await folder.sync();
  return { stamp };
}

/** Waits until a claim on the next revision is gone; finishes it, or clears it away, if nobody does. */
async function settleClaim<Kind extends Revised>(
  kind: RecordKind<Kind>,
  layout: Layout,
  name: string,
  current: Kind,
  change: FolderChange,
): Promise<void> {
  const [folder, claims] = await Promise.all([layout.folder(kind.folder), layout.folder("claims")]);
  const claim = claimOf(kind, name, current.revision + 1);
  for (
    let waited = 0, pause = 5;
    waited < patienceMs;
    waited += pause, pause = Math.min(100, pause * 2)
  ) {
    const now = await read(kind, folder, name);
    if (now === null || now.revision !== current.revision || (await claims.stat(claim)) === null)
      return;
    await sleep(pause);
  }
  const left = await claims.read(claim);
  if (left === null) return;
  if (isNext(kind, left.text, name, current))
    await change(folder, () => claims.rename(claim, folder, fileOf(name)));
  else await claims.unlink(claim);
  await folder.sync();
}

function isNext<Kind extends Revised>(
  kind: RecordKind<Kind>,
  text: string,
  name: string,
  current: Kind,
): boolean {
  try {
    const next = kind.parse(text, name);
    return next.revision === current.revision + 1 && kind.sameLife(next, current);
  } catch (error) {
    if (error instanceof DamagedRecord) return false;
    throw error;
  }
}

async function read<Kind extends Revised>(
  kind: RecordKind<Kind>,
  folder: Directory,
  name: string,
): Promise<Kind | null> {
  const found = await folder.read(fileOf(name));
  return found === null ? null : kind.parse(found.text, name);
}

function claimOf<Kind extends Revised>(
  kind: RecordKind<Kind>,
  name: string,
  revision: number,
): string {
  return `${kind.folder}.${name}.${revision}`;
}
