import { UserError } from "../../service/user-error.ts";
import type { AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { newVolume, type Birth } from "./new-volume.ts";
import type { VolumeOptions } from "./options.ts";

/**
 * The app that a copy of `source` belongs to: the same one, so that nobody gets at an app's data by copying it. Throws
 * `invalid` if another one was asked for, or if there is nothing to copy.
 */
export function appOfCopy(name: string, options: VolumeOptions, source: VolumeRecord): string {
  if (source.root)
    throw new UserError(
      "invalid",
      `option "from": "${source.name}" is the whole storage, and has nothing of its own to copy`,
    );
  return sameApp(name, options, source.name, source.app);
}

/** The same for a copy of something that may be no volume any more, and belonged to `app`. */
export function sameApp(name: string, options: VolumeOptions, from: string, app: string): string {
  if (options.app === null || options.app === app) return app;
  throw new UserError(
    "invalid",
    `option "from": "${from}" belongs to app "${app}", and so does every copy of it: "${name}" cannot be of app "${options.app}". Leave app out, or copy the data with a container that may mount both`,
  );
}

/**
 * The record of a copy, in state `creating`: with the rules of its source where it asks for none, and never with wider
 * ones. Throws `conflict` if it asks for more. `at`: a copy of a version of it (RFC 3339).
 */
export function copyOf(
  source: VolumeRecord,
  name: string,
  options: VolumeOptions,
  app: AppRecord,
  birth: Birth,
  at: string | null = null,
): VolumeRecord {
  const bounds = {
    ...app,
    services: source.services ?? app.services,
    hosts: source.hosts ?? app.hosts,
  };
  const record = newVolume(name, options, bounds, birth);
  return {
    ...record,
    services: record.services ?? source.services,
    hosts: record.hosts ?? source.hosts,
    squash: options.squash ?? source.squash,
    owner: {
      uid: options.uid ?? source.owner.uid,
      gid: options.gid ?? source.owner.gid,
      mode: options.mode ?? source.owner.mode,
    },
    fill: { from: source.name, at, source: source.id },
  };
}
