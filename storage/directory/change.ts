import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { checkMountOption } from "../rules/mount-options.ts";
import { narrowedHosts, narrowedServices } from "../rules/new-volume.ts";
import { checkHost, checkService, parseBackup } from "../rules/option-values.ts";
import type { VolumeChange } from "../storage.ts";
import { keptChanging } from "./apps.ts";
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
  checkValues(change);
  let meant: string | null = null;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.volumes.read(layout, name);
    if (record === null || record.state === "trashed" || record.id !== (meant ?? record.id))
      throw notFound(name, parts.url);
    meant = record.id;
    if (record.root && (change.onRemove !== undefined || change.backup !== undefined)) {
      throw new UserError(
        "invalid",
        `"${name}" is the whole storage: it has no on-remove and no backup of its own`,
      );
    }
    const app = await parts.apps.read(layout, record.app);
    if (app === null)
      throw new UserError(
        "not-found",
        `there is no app "${record.app}" on ${parts.url}, which "${name}" belongs to`,
      );
    const next = await parts.volumes.replace(layout, name, record, changesOf(change, app));
    if (next !== null) return next;
  }
  throw keptChanging(`volume "${name}"`);
}

function changesOf(change: VolumeChange, app: AppRecord): Partial<VolumeRecord> {
  return {
    ...(change.services !== undefined && { services: narrowedServices(change.services, app) }),
    ...(change.hosts !== undefined && { hosts: narrowedHosts(change.hosts, app) }),
    ...(change.access !== undefined && { access: change.access }),
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
