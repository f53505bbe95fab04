import { UserError } from "../service/user-error.ts";
import { mountOf, topmostAt, type MountEntry } from "./mountinfo.ts";

/** Where config.json binds the host's directories inside a managed plugin. */
const stateBind = "/host/state";
const storageBind = "/host/storage";
/** The host's directory behind {@link stateBind}, unless somebody set another. */
const stateSource = "/var/lib";

/**
 * Where a directory of the host is seen inside a managed plugin: below `/var/lib` through the `state` mount, everything
 * else through the `storage` mount, whose source must be that directory or one above it.
 *
 * Throws `UserError` (invalid) when the `storage` mount was not set for it.
 */
export function seenInPlugin(hostPath: string, entries: readonly MountEntry[]): string {
  if (hostPath === stateSource || hostPath.startsWith(`${stateSource}/`)) {
    return stateBind + hostPath.slice(stateSource.length);
  }
  const state = topmostAt(entries, stateBind);
  const storage = topmostAt(entries, storageBind);
  if (storage === null || (storage.device === state?.device && storage.root === state.root)) {
    throw new UserError(
      "invalid",
      `dir://${hostPath} lies outside ${stateSource}, and the plugin was not shown it. Do: docker plugin disable -f swarmnfs; docker plugin set swarmnfs storage.source=${hostPath}; docker plugin enable swarmnfs. (Where a disk is mounted there, its mount point must exist at every boot before Docker starts.)`,
    );
  }
  // A source on the host's root file system shows its own path; one that is a mount shows nothing but "/".
  const isAbove = storage.root !== "/" && hostPath.startsWith(`${storage.root}/`);
  return isAbove ? storageBind + hostPath.slice(storage.root.length) : storageBind;
}

/** The id under which the engine runs us: it is part of the path behind the plugin's propagated mount. */
export function pluginIdIn(entries: readonly MountEntry[], mounts: string): string | null {
  return mountOf(entries, mounts)?.root.match(/\/plugins\/([0-9a-f]{64})\//)?.[1] ?? null;
}
