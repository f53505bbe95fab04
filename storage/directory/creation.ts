import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkVolumeName } from "../rules/names.ts";
import { isMade, stateWhenMade } from "../rules/fill.ts";
import { parseOptions, type VolumeOptions } from "../rules/options.ts";
import type { AppChange, CreateRequest, NodeIdentity } from "../storage.ts";
import { finishAdoption } from "./adoption.ts";
import { ensureApp, keptChanging, tooSimilar } from "./apps.ts";
import { checkLimits, withinApp } from "./limits.ts";
import { giveNumberBack, takeNumber } from "./numbers.ts";
import { beginning, originOf } from "./origin.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { provision, refuseOccupied } from "./provisioning.ts";
import { refuseDifferences, refuseUnsupported } from "./refusals.ts";
import { abandon, settleRemoval } from "./removal.ts";
import { finishUndelete } from "./undelete.ts";

/**
 * Makes a volume, or finishes, revives or simply returns the one of that name. The record comes first and decides
 * between nodes that do it at once; it says `creating` until the directory is there.
 */
export async function createVolume(
  parts: Parts,
  layout: Layout,
  request: CreateRequest,
  by: NodeIdentity,
): Promise<VolumeRecord> {
  const { name, options, appRules = {} } = request;
  checkVolumeName(name);
  refuseUnsupported(parts, options);
  if (options.size !== null) await checkLimits(parts, layout);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await parts.volumes.read(layout, name);
    const record =
      existing === null
        ? await begin(parts, layout, name, options, appRules, by)
        : await reuse(parts, layout, existing, options);
    if (record !== null) return record;
  }
  throw keptChanging(`volume "${name}"`);
}

/** Brings a volume whose record says `creating` to `ready`; null if it became something else meanwhile. */
export async function finishCreation(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
): Promise<VolumeRecord | null> {
  if (record.restore) return finishUndelete(parts, layout, record);
  if (record.adopted) return finishAdoption(parts, layout, record);
  try {
    await provision(parts, layout, record);
  } catch (error) {
    // Another node may have made it, mounted it and put files there since we read the record.
    const now = await parts.volumes.read(layout, record.name);
    if (now?.id === record.id && isMade(now)) return now;
    throw error;
  }
  await parts.checkpoint("create:provisioned");
  // The app was there when this began; one that nobody used may have been forgotten since.
  const { id, fsid, createdAt, createdBy } = record;
  const birth = { id, fsid, createdAt, createdBy };
  await ensureApp(parts, layout, record.app, parseOptions(record.options), birth);
  const state = stateWhenMade(record);
  const made = await parts.volumes.replace(layout, record.name, record, { state });
  if (made !== null) return made;
  const now = await parts.volumes.read(layout, record.name);
  return now?.id === record.id && isMade(now) ? now : null;
}

async function begin(
  parts: Parts,
  layout: Layout,
  name: string,
  options: VolumeOptions,
  appRules: AppChange,
  by: NodeIdentity,
): Promise<VolumeRecord | null> {
  const similar = await parts.volumes.similar(layout, name);
  if (similar !== null) throw tooSimilar("volume", name, similar);
  const birth = {
    id: uuid(),
    fsid: await takeNumber(layout),
    createdAt: rfc3339(parts.clock.now()),
    createdBy: by.name,
  };
  const origin = await originOf(parts, layout, name, options);
  const { app } = origin;
  await refuseOccupied(layout, { app, name, root: options.root }, parts.url);
  // Who comes first to an app is asked only of apps that nobody had before.
  const asked = origin.at === null ? options : { ...options, app };
  const appRecord = await ensureApp(parts, layout, app, asked, birth, appRules);
  const record = beginning(origin, name, options, appRecord, birth);
  await parts.checkpoint("create:app");
  const written = await withinApp(parts, layout, appRecord, record, () =>
    parts.volumes.create(layout, name, record),
  );
  if (!written) {
    await giveNumberBack(layout, record.fsid);
    return null;
  }
  await parts.checkpoint("create:written");
  try {
    return await finishCreation(parts, layout, record);
  } catch (error) {
    if (error instanceof UserError && (error.code === "conflict" || error.code === "unsupported"))
      await abandon(parts, layout, record);
    throw error;
  }
}

async function reuse(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  options: VolumeOptions,
): Promise<VolumeRecord | null> {
  if (record.state === "trashed") {
    await settleRemoval(parts, layout, record);
    return null;
  }
  refuseDifferences(record, options, parts.trashDays);
  if (record.state === "creating") return finishCreation(parts, layout, record);
  if (record.state === "retained")
    return parts.volumes.replace(layout, record.name, record, { state: stateWhenMade(record) });
  return record;
}
