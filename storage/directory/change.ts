import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkMountOption } from "../rules/mount-options.ts";
import { narrowedHosts, narrowedServices } from "../rules/new-volume.ts";
import { checkHost, checkService, parseBackup } from "../rules/option-values.ts";
import type { VolumeChange } from "../storage.ts";
import { keptChanging } from "./apps.ts";
import { applyLimit, checkLimits, checkMarked, withinApp } from "./limits.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";
import { refuseUnsupportedChange } from "./refusals.ts";
import { notFound } from "./removal.ts";

/** Changes a volume's rules; its services and hosts stay within its app's. */
export async function updateVolume(
  parts: Parts,
  layout: Layout,
  name: string,
  change: VolumeChange,
): Promise<VolumeRecord> {
  refuseUnsupportedChange(parts, change);
  if (change.size !== undefined && change.size !== null) await checkLimits(parts, layout);
  checkValues(change);
  let meant: string | null = null;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.volumes.read(layout, name);
    if (record === null || record.state === "trashed" || record.id !== (meant ?? record.id))
      throw notFound(name, parts.url);
    meant = record.id;
    if (
      record.root &&
      [change.onRemove, change.backup, change.size].some((each) => each !== undefined)
    ) {
      throw new UserError(
        "invalid",
        `"${name}" is the whole storage: it has no on-remove, no backup and no size of its own`,
      );
    }
    const app = await parts.apps.read(layout, record.app);
    if (app === null)
      throw new UserError(
        "not-found",
        `there is no app "${record.app}" on ${parts.url}, which "${name}" belongs to`,
      );
    const next = await changed(parts, layout, record, app, change);
    if (next !== null) return next;
  }
  throw keptChanging(`volume "${name}"`);
}

async function changed(
  parts: Parts,
  layout: Layout,
  record: VolumeRecord,
  app: AppRecord,
  change: VolumeChange,
): Promise<VolumeRecord | null> {
  const changes = changesOf(change, app);
  if (change.size === undefined) return parts.volumes.replace(layout, record.name, record, changes);
  const { size } = change;
  if (size !== null) await checkMarked(parts, layout, record);
  const next = await withinApp(parts, layout, app, { ...record, size }, () =>
    parts.volumes.replace(layout, record.name, record, changes),
  );
  await parts.checkpoint("update:written");
  // After a crash here the housekeeper brings the kernel to what the record says.
  if (next !== null) await applyLimit(parts, layout, next);
  return next;
}

function changesOf(change: VolumeChange, app: AppRecord): Partial<VolumeRecord> {
  return {
    ...(change.services !== undefined && { services: narrowedServices(change.services, app) }),
    ...(change.hosts !== undefined && { hosts: narrowedHosts(change.hosts, app) }),
    ...(change.access !== undefined && { access: change.access }),
    ...(change.size !== undefined && { size: change.size }),
    ...(change.onRemove !== undefined && { onRemove: change.onRemove }),
    ...(change.backup !== undefined && { backup: change.backup }),
    ...(change.mountOptions !== undefined && { mountOptions: [...change.mountOptions] }),
  };
}

function checkValues(change: VolumeChange): void {
  for (const service of change.services ?? []) checkService(service);
  for (const host of change.hosts ?? []) checkHost(host);
  for (const option of change.mountOptions ?? []) checkMountOption(option);
  if (change.backup !== undefined) parseBackup(change.backup);
}
