import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { NodeIdentity, RestorePlan, RestoreProgress, StagedRestore } from "../storage.ts";
import { keptChanging } from "./apps.ts";
import type { Directory } from "./confined.ts";
import { metaFolder } from "./layout.ts";
import { markDirectory } from "./limits.ts";
import { markInPlace, releaseInPlace } from "./in-place.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { notFound } from "./removal.ts";
import { deleteTree } from "./tree.ts";

/** A service that was not seen to restore for that long has given it up, and another one goes on. */
const givenUpMs = 90_000;

type Fill = NonNullable<VolumeRecord["fill"]>;

/**
 * Takes on the work of making a volume what it was at some time, or goes on where that was left. With a plan the volume
 * is one that is there, and cannot be mounted from then on; without, one that was created from a version.
 */
export async function beginRestore(
  parts: Parts,
  layout: Layout,
  name: string,
  plan: RestorePlan | null,
  by: NodeIdentity,
): Promise<StagedRestore> {
  if (plan !== null) {
    const marked = await markInPlace(parts, layout, name, plan, by);
    if (plan.later === true)
      return { record: marked, run: "", folders: [], resumed: false, free: 0 };
  }
  const { record, earlier } = await claim(parts, layout, name, by);
  const staging = stagingOf(record);
  const tmp = await layout.folder("tmp");
  // Of a restore that is over: another version, or other files, which are not to be mixed with these. Housekeeping destroys it.
  for (const each of await tmp.names())
    if (each.startsWith(prefixOf(record)) && each !== earlier)
      await tmp.rename(each, tmp, `purge-${each}`);
  // What an earlier attempt brought back is not brought back again.
  const isThere = earlier !== null && (await tmp.rename(earlier, tmp, staging));
  if (!isThere) await tmp.mkdir(staging, 0o700);
  await using folder = await tmp.open(staging);
  const resumed = !(await folder.isEmpty());
  if (!resumed)
    await markDirectory(parts, layout, folder, {
      ...record,
      fsid: record.fill?.inPlace?.fsid ?? record.fsid,
    });
  await tmp.touch(staging);
  await parts.checkpoint("restore:begun");
  return {
    record,
    run: record.fill?.run ?? "",
    folders: [metaFolder, "tmp", staging],
    resumed,
    free: (({ bavail, bsize }) => bavail * bsize)(await folder.statfs()),
  };
}

/** Writes down how far it is, which is also the sign that somebody is at it. Throws `conflict` if it is not ours any more. */
export async function noteRestore(
  parts: Parts,
  layout: Layout,
  name: string,
  run: string,
  progress: RestoreProgress,
): Promise<void> {
  const seenAt = rfc3339(parts.clock.now());
  const record = await writeFill(parts, layout, name, run, { ...progress, seenAt }, "filling");
  await (await layout.folder("tmp")).touch(stagingOf(record));
}

/** Gives up what was begun in the place of a volume, which is then as it was. Any other volume stays `filling`. */
export async function abandonRestore(
  parts: Parts,
  layout: Layout,
  name: string,
  run: string,
): Promise<VolumeRecord> {
  const record = await ownRestore(parts, layout, name, run);
  const { inPlace } = record.fill ?? {};
  if (!inPlace) return record;
  // What is half exchanged is finished, not taken back.
  if ((await (await layout.folder("trash")).stat(inPlace.entry)) !== null) return record;
  const released = await releaseInPlace(parts, layout, record);
  await deleteTree(await layout.folder("tmp"), stagingOf(record), parts.progress);
  return released;
}

/** The record, if this attempt is still the one that makes it. Throws `conflict` if not. */
export async function ownRestore(
  parts: Parts,
  layout: Layout,
  name: string,
  run: string,
): Promise<VolumeRecord> {
  const record = await parts.volumes.read(layout, name);
  if (record === null || record.state === "trashed") throw notFound(name, parts.url);
  if (record.state === "filling" && record.fill?.run === run) return record;
  throw new UserError(
    "conflict",
    `"${name}" is not what it was when its restore was begun: it was removed, or another backup service went on with it`,
  );
}

/** Changes what is said of the fill, and the state. Throws `conflict` if it is not ours any more. */
export async function writeFill(
  parts: Parts,
  layout: Layout,
  name: string,
  run: string,
  changes: Partial<Fill>,
  state: "filling" | "ready",
  more: Partial<VolumeRecord> = {},
): Promise<VolumeRecord> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await ownRestore(parts, layout, name, run);
    const { fill } = record;
    if (fill === null) break;
    const next = { ...more, fill: { ...fill, ...changes }, state };
    const written = await parts.volumes.replace(layout, name, record, next);
    if (written !== null) return written;
  }
  throw keptChanging(`volume "${name}"`);
}

export function stagingOf(record: VolumeRecord): string {
  return `${prefixOf(record)}${record.fill?.run ?? ""}`;
}

/** Opens what was brought back; null if it is in place already. */
export async function openStaging(layout: Layout, record: VolumeRecord): Promise<Directory | null> {
  const tmp = await layout.folder("tmp");
  return (await tmp.stat(stagingOf(record))) === null ? null : tmp.open(stagingOf(record));
}

function prefixOf(record: VolumeRecord): string {
  return `restore-${record.id}-`;
}

/** The record, and the staging of the attempt before, if there was one. */
async function claim(
  parts: Parts,
  layout: Layout,
  name: string,
  by: NodeIdentity,
): Promise<{ readonly record: VolumeRecord; readonly earlier: string | null }> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.volumes.read(layout, name);
    if (record === null || record.state === "trashed") throw notFound(name, parts.url);
    const { fill, state } = record;
    if (fill === null || fill.at === null || state !== "filling")
      throw new UserError("conflict", `"${name}" is not to be filled from a version`);
    const now = parts.clock.now();
    const isAlive = fill.seenAt !== undefined && now - Date.parse(fill.seenAt) < givenUpMs;
    if (fill.byId !== undefined && fill.byId !== by.id && isAlive)
      throw new UserError("in-use", `"${name}" is being filled by ${fill.by ?? "another node"}`);
    const mine = { by: by.name, byId: by.id, run: uuid(), seenAt: rfc3339(now), done: 0 };
    const next = { fill: { ...fill, ...mine, trouble: null } };
    const claimed = await parts.volumes.replace(layout, name, record, next);
    if (claimed !== null)
      return { record: claimed, earlier: fill.run === undefined ? null : stagingOf(record) };
  }
  throw keptChanging(`volume "${name}"`);
}
