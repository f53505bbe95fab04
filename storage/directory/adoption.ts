import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { adoptedSteps } from "../rules/adopted-path.ts";
import { isMade } from "../rules/fill.ts";
import { checkVolumeName } from "../rules/names.ts";
import { appFor, newVolume } from "../rules/new-volume.ts";
import { parseOptions, type VolumeOptions } from "../rules/options.ts";
import { volumeFolders } from "../rules/volume-path.ts";
import type { AdoptRequest, NodeIdentity } from "../storage.ts";
import { openAdoptable, openSteps, ownerOf } from "./adoptable.ts";
import { ensureApp, keptChanging, tooSimilar } from "./apps.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";
import { withinApp } from "./limits.ts";
import { giveNumberBack, takeNumber } from "./numbers.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { refuseOccupied } from "./provisioning.ts";
import { refuseUnsupported } from "./refusals.ts";
import { abandon, settleRemoval } from "./removal.ts";

/**
 * Makes a directory of the storage a volume, by renaming it: the record first, as `creating`, then the directory, then
 * `ready`. Whoever meets an interrupted one finishes it; it may be asked for again after it was done. Where it cannot be
 * done the directory is where it was.
 */
export async function adoptVolume(
  parts: Parts,
  layout: Layout,
  { path, name, options, appRules = {} }: AdoptRequest,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  const steps = adoptedSteps(path);
  checkVolumeName(name);
  refuseChosen(options);
  refuseUnsupported(parts, options);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await parts.volumes.read(layout, name);
    if (existing?.state === "trashed") {
      await settleRemoval(parts, layout, existing);
      continue;
    }
    if (existing !== null) return again(parts, layout, existing, steps);
    const record = await begin(parts, layout, steps, { name, options, appRules }, by);
    if (record !== null) return finishOrAbandon(parts, layout, record);
  }
  throw keptChanging(`volume "${name}"`);
}

/** Finishes an adoption that is written down; whoever meets an interrupted one calls it. */
export async function finishAdoption(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<VolumeRecord> {
  await moveIn(parts, layout, record);
  await parts.checkpoint("adopt:moved");
  // The app was there when this began; one that nobody used may have been forgotten since.
  const { id, fsid, createdAt, createdBy } = record;
  const birth = { id, fsid, createdAt, createdBy };
  await ensureApp(parts, layout, record.app, parseOptions(record.options), birth);
  const ready = await parts.volumes.replace(layout, record.name, record, { state: "ready" });
  const now = ready ?? (await parts.volumes.read(layout, record.name));
  if (now?.id === record.id && isMade(now)) return now;
  if (now?.id !== record.id) await moveOut(parts, layout, record);
  throw keptChanging(`volume "${record.name}"`);
}

/** What is as it is in an existing directory cannot be chosen, and what it begins with neither. */
function refuseChosen(options: VolumeOptions): void {
  const { uid, gid, mode, from, size, root } = options;
  const chosen = { uid, gid, mode, from, size, root: root || null };
  const [first] = Object.entries(chosen).find(([, value]) => value !== null) ?? [];
  if (first !== undefined)
    throw new UserError(
      "invalid",
      `option "${first}": an adopted directory stays as it is, with its owner, its mode and all that is in it. Leave ${first} out`,
    );
}

async function again(
  parts: Parts,
  layout: Layout,
  existing: VolumeRecord,
  steps: readonly string[],
): Promise<VolumeRecord> {
  const isSame = existing.adopted?.path === steps.join("/");
  if (isSame && existing.state === "creating") return finishOrAbandon(parts, layout, existing);
  if (isSame && isMade(existing) && !(await isThere(parts, layout, steps))) return existing;
  throw new UserError(
    "conflict",
    `a volume "${existing.name}" exists on ${parts.url}, in app "${existing.app}". Choose another name`,
  );
}

async function isThere(parts: Parts, layout: Layout, steps: readonly string[]): Promise<boolean> {
  try {
    const folder = await openSteps(parts, layout, steps);
    await folder[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return false;
    throw error;
  }
}

async function begin(
  parts: Parts,
  layout: Layout,
  steps: readonly string[],
  { name, options, appRules }: Required<Omit<AdoptRequest, "path">>,
  by: NodeIdentity,
): Promise<VolumeRecord | null> {
  const similar = await parts.volumes.similar(layout, name);
  if (similar !== null) throw tooSimilar("volume", name, similar);
  await using folder = await openAdoptable(parts, layout, steps);
  const found = await folder.self();
  const app = appFor(name, options);
  await refuseOccupied(layout, { app, name, root: false }, parts.url);
  const birth = {
    id: uuid(),
    fsid: await takeNumber(layout),
    createdAt: rfc3339(parts.clock.now()),
    createdBy: by.name,
  };
  const appRecord = await ensureApp(parts, layout, app, options, birth, appRules);
  const record: VolumeRecord = {
    ...newVolume(name, options, appRecord, birth),
    owner: ownerOf(found),
    adopted: { path: steps.join("/"), ino: String(found.ino) },
  };
  await parts.checkpoint("adopt:app");
  const written = await withinApp(parts, layout, appRecord, record, () =>
    parts.volumes.create(layout, name, record),
  );
  if (!written) await giveNumberBack(layout, record.fsid);
  await parts.checkpoint("adopt:written");
  return written ? record : null;
}

async function finishOrAbandon(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<VolumeRecord> {
  try {
    return await finishAdoption(parts, layout, record);
  } catch (error) {
    const isLasting =
      error instanceof UserError &&
      ["conflict", "unsupported", "not-found", "invalid"].includes(error.code);
    if (isLasting && !(await isInPlace(layout, record))) await abandon(parts, layout, record);
    throw error;
  }
}

async function moveIn(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  if (await isInPlace(layout, record)) return;
  const { above, last } = placeOf(record);
  await using opened = above.length === 0 ? null : await openSteps(parts, layout, above);
  const from = opened ?? layout.root;
  if (!(await isMeant(from, last, record))) return doneOrGone(parts, layout, record);
  await using parent = await layout.makeParent(record);
  if (parent === null) throw keptChanging(`volume "${record.name}"`);
  await parts.checkpoint("adopt:moving");
  if (!(await rename(from, last, parent, record, parts.url)))
    return doneOrGone(parts, layout, record);
  // Between the look and the move another one may have come in its place: that one goes back.
  const moved = await parent.stat(record.name);
  if (moved !== null && String(moved.ino) !== record.adopted?.ino) {
    await parent.rename(record.name, from, last);
    throw keptChanging(`"${record.adopted?.path}"`);
  }
  await parent.sync();
  await from.sync();
}

/** Another node may have been quicker, with this very volume or with another one. */
async function doneOrGone(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  if (await isInPlace(layout, record)) return;
  throw new UserError(
    "not-found",
    `"${record.adopted?.path}" on ${parts.url} is not the directory any more that was to become volume "${record.name}". Nothing was changed; look at it, and try again`,
  );
}

/** False if it is not there any more. */
async function rename(
  from: Directory,
  last: string,
  parent: Directory,
  record: VolumeRecord,
  url: string,
): Promise<boolean> {
  const path = record.adopted?.path;
  try {
    return await from.rename(last, parent, record.name);
  } catch (error) {
    const cause = { cause: error };
    if (isTrouble(error, "EXDEV", "EBUSY"))
      throw new UserError(
        "unsupported",
        `"${path}" cannot become a volume where it is: the file system of ${url} does not let it be renamed to "${volumeFolders(record).join("/")}" (something is mounted there, or it is a part with limits of its own). Copy it: swarmnfs import`,
        cause,
      );
    if (isTrouble(error, "ENOTEMPTY", "EEXIST", "ENOTDIR"))
      throw new UserError(
        "conflict",
        `"${volumeFolders(record).join("/")}" on ${url} holds files by now. "${path}" is where it was; choose another name`,
        cause,
      );
    throw error;
  }
}

/** The volume was removed while its directory was being moved: it is a plain directory again, where it was. */
async function moveOut(parts: Parts, layout: Layout, record: VolumeRecord): Promise<void> {
  if (!(await isInPlace(layout, record))) return;
  const { above, last } = placeOf(record);
  await using opened = above.length === 0 ? null : await openSteps(parts, layout, above);
  const to = opened ?? layout.root;
  await using parent = await layout.parent(record);
  if (parent === null || (await to.stat(last)) !== null) return;
  await parent.rename(record.name, to, last);
  await to.sync();
  await parent.sync();
}

async function isInPlace(layout: Layout, record: VolumeRecord): Promise<boolean> {
  await using parent = await layout.parent(record);
  return parent !== null && (await isMeant(parent, record.name, record));
}

/** Whether under that name is the very directory that is adopted. */
async function isMeant(folder: Directory, name: string, record: VolumeRecord): Promise<boolean> {
  const found = await folder.stat(name);
  return found?.isDirectory() === true && String(found.ino) === record.adopted?.ino;
}

function placeOf({ adopted }: VolumeRecord): { above: readonly string[]; last: string } {
  const steps = adoptedSteps(adopted?.path ?? "");
  return { above: steps.slice(0, -1), last: steps.at(-1) ?? "" };
}
