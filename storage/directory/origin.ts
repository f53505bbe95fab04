import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { appOfCopy, copyOf, sameApp } from "../rules/clone-volume.ts";
import { appFor, newVolume, type Birth } from "../rules/new-volume.ts";
import type { VolumeOptions } from "../rules/options.ts";
import { checkAppName } from "../rules/names.ts";
import { splitVersion, versionAt } from "../rules/version.ts";
import { livingBackup } from "./backup-status.ts";
import type { Layout, Parts } from "./parts.ts";

/** What a new volume begins with, and the app that it is of for that reason. */
export interface Origin {
  readonly app: string;
  /** The volume that is copied, as it is; null: none, or one that is not there any more. */
  readonly source: VolumeRecord | null;
  /** Of a version: whose, and when it was made (RFC 3339). */
  readonly from: string | null;
  readonly at: string | null;
}

export async function originOf(
  parts: Parts,
  layout: Layout,
  name: string,
  options: VolumeOptions,
): Promise<Origin> {
  if (options.from === null)
    return { app: appFor(name, options), source: null, from: null, at: null };
  const { volume, moment } = splitVersion(options.from);
  if (moment !== null) return versionOf(parts, layout, name, options, volume, moment);
  const source = await sourceOf(parts, layout, volume);
  return { app: appOfCopy(name, options, source), source, from: volume, at: null };
}

/** The record of a volume that begins so, in state `creating`. Throws `conflict` if it asks for more than it may have. */
export function beginning(
  { source, from, at }: Origin,
  name: string,
  options: VolumeOptions,
  app: AppRecord,
  birth: Birth,
): VolumeRecord {
  if (source !== null) return copyOf(source, name, options, app, birth, at);
  const record = newVolume(name, options, app, birth);
  return from === null ? record : { ...record, fill: { from, at } };
}

/** A version may be of a volume that was removed since, or whose name another app has by now. */
async function versionOf(
  parts: Parts,
  layout: Layout,
  name: string,
  options: VolumeOptions,
  volume: string,
  moment: string,
): Promise<Origin> {
  const status = await livingBackup(parts, layout).catch(asOption);
  try {
    const { app, at } = versionAt(status.volumes, volume, moment);
    checkAppName(app); // the catalog itself is saved like a volume, and is none
    const source = await parts.volumes.read(layout, volume);
    const isThere = source !== null && source.state !== "trashed";
    const isSame = isThere && source.app === app;
    if (isThere && !isSame && options.app === null)
      throw new UserError(
        "invalid",
        `"${volume}" is another app's by now ("${source.app}"): the versions are of app "${app}". If that is meant: app=${app}`,
      );
    return {
      app: sameApp(name, options, volume, app),
      source: isSame ? source : null,
      from: volume,
      at,
    };
  } catch (error) {
    return asOption(error);
  }
}

/** The volume that is to be copied. */
async function sourceOf(parts: Parts, layout: Layout, name: string): Promise<VolumeRecord> {
  const source = await parts.volumes.read(layout, name);
  if (source === null || source.state === "trashed")
    throw new UserError(
      "not-found",
      `option "from": there is no volume "${name}" on ${parts.url}. See: swarmnfs volumes`,
    );
  const state = source.state === "creating" ? "filling" : source.state;
  if (state !== "filling") return source;
  throw new UserError(
    "unavailable",
    `option "from": volume "${name}" is itself not complete yet. Try again when it is: swarmnfs volumes show ${name}`,
  );
}

function asOption(error: unknown): never {
  if (!(error instanceof UserError) || error.message.startsWith("option ")) throw error;
  throw new UserError(error.code, `option "from": ${error.message}`, { cause: error });
}
