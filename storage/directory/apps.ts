import { UserError } from "../../service/user-error.ts";
import type { AppOwner, AppRecord } from "../records/app.ts";
import { checkHost, checkService } from "../rules/option-values.ts";
import { checkAppName, rootApp } from "../rules/names.ts";
import { newApp, type Birth } from "../rules/new-volume.ts";
import type { VolumeOptions } from "../rules/options.ts";
import type { AppChange } from "../storage.ts";
import { checkLimits } from "./limits.ts";
import { attempts, type Layout, type Parts } from "./parts.ts";

/**
 * The app a new volume belongs to: the one that exists, or made with the rules of this, its first, volume, unless
 * `rules` say otherwise.
 */
export async function ensureApp(
  parts: Parts,
  layout: Layout,
  app: string,
  options: VolumeOptions,
  birth: Birth,
  rules: AppChange = {},
): Promise<AppRecord> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await parts.apps.read(layout, app);
    if (existing !== null) return existing;
    const similar = await parts.apps.similar(layout, app);
    if (similar !== null) throw tooSimilar("app", app, similar);
    const record = { ...newApp(app, options, birth), ...changesOf(rules) };
    if (await parts.apps.create(layout, app, record)) return record;
  }
  throw keptChanging(`app "${app}"`);
}

export async function updateApp(
  parts: Parts,
  layout: Layout,
  app: string,
  change: AppChange,
): Promise<AppRecord> {
  checkChange(app, change);
  if (change.size !== undefined && change.size !== null) await checkLimits(parts, layout);
  return replaceApp(parts, layout, app, () => changesOf(change));
}

/** Makes `owner` the owner if the app is there to be taken; whoever won is in the record returned. */
export async function claimApp(
  parts: Parts,
  layout: Layout,
  app: string,
  owner: AppOwner,
): Promise<AppRecord> {
  return replaceApp(parts, layout, app, (record) =>
    record.services === "first" && record.owner === null ? { owner } : null,
  );
}

/** Gives an app free again that was taken by whoever came first, after its last volume went. */
export async function releaseApp(parts: Parts, layout: Layout, app: string): Promise<void> {
  const record = await parts.apps.read(layout, app);
  if (record === null || record.owner === null) return;
  await replaceApp(parts, layout, app, (current) =>
    current.owner === null ? null : { owner: null },
  );
}

/**
 * Gives an app back to whom it belonged when a volume comes back from the trash: its record if that is gone, its
 * owner if nobody else took it. Throws `conflict` if somebody did: the volume's data would become theirs.
 */
export async function restoreApp(
  parts: Parts,
  layout: Layout,
  app: string,
  before: AppRecord | null,
  options: VolumeOptions,
  birth: Birth,
): Promise<AppRecord> {
  const existing = await parts.apps.read(layout, app);
  if (existing === null) {
    const record = before === null ? newApp(app, options, birth) : { ...before, revision: 1 };
    if (await parts.apps.create(layout, app, record)) return record;
  }
  const owner = before?.services === "first" ? before.owner : null;
  if (!owner) return existing ?? ensureApp(parts, layout, app, options, birth);
  const now = await claimApp(parts, layout, app, owner);
  if (now.services !== "first" || (now.owner?.kind === owner.kind && now.owner.name === owner.name))
    return now;
  throw new UserError(
    "conflict",
    `app "${app}" belonged to ${owner.kind} "${owner.name}" when this volume was removed, and now belongs to ${now.owner?.kind} "${now.owner?.name}", which would get its data. If that is meant, say so first: swarmnfs apps set ${app} services=${owner.name},${now.owner?.name}`,
  );
}

export function tooSimilar(what: "volume" | "app", name: string, existing: string): UserError {
  return new UserError(
    "invalid",
    `${what} "${name}" differs from the existing ${what} "${existing}" in upper and lower case alone, and backups may go where both are the same. Use "${existing}", or another name`,
  );
}

export function keptChanging(what: string): UserError {
  return new UserError(
    "conflict",
    `${what} kept changing at the same time. Nothing was lost; try again`,
  );
}

async function replaceApp(
  parts: Parts,
  layout: Layout,
  app: string,
  decide: (record: AppRecord) => Partial<AppRecord> | null,
): Promise<AppRecord> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await parts.apps.read(layout, app);
    if (record === null)
      throw new UserError(
        "not-found",
        `there is no app "${app}" on ${parts.url}. See: swarmnfs apps`,
      );
    const changes = decide(record);
    if (changes === null) return record;
    const next = await parts.apps.replace(layout, app, record, changes);
    if (next !== null) return next;
  }
  throw keptChanging(`app "${app}"`);
}

function changesOf({ hosts, services, size }: AppChange): Partial<AppRecord> {
  return {
    ...(hosts !== undefined && { hosts: [...hosts] }),
    ...(services !== undefined && {
      services: services === "first" ? "first" : [...services],
      owner: null, // under a list nobody owns by having come first; under a new "first" everybody may again
    }),
    ...(size !== undefined && { size }),
  };
}

function checkChange(app: string, change: AppChange): void {
  if (app !== rootApp) checkAppName(app);
  const services = change.services ?? [];
  for (const service of services === "first" ? [] : services) checkService(service);
  for (const host of change.hosts ?? []) checkHost(host);
}
