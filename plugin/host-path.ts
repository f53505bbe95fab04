import { UserError } from "../service/user-error.ts";
import { mountOf, topmostAt, type MountEntry } from "../storage/mounting/mountinfo.ts";

/** Where config.json binds the host's directories inside a managed plugin. */
const stateBind = "/host/state";
const storageBind = "/host/storage";
/** Below these a managed plugin sees the host's directories. */
export const hostViews = [stateBind, storageBind];
/** The host's directory behind {@link stateBind}, unless somebody set another. */
const stateSource = "/var/lib";
/** The file system behind {@link storageBind} until somebody sets its source: config.json names a directory of it. */
const nothing = "sysfs";

/**
 * Where a directory of the host is seen inside a managed plugin: below `/var/lib` through the `state` mount, everything
 * else through the `storage` mount, whose source must be that directory or one above it. What is mounted below the
 * source is seen as well, as far as it was mounted when the plugin started.
 *
 * Throws `UserError` (invalid) when the `storage` mount was not set for it.
 */
export function seenInPlugin(hostPath: string, entries: readonly MountEntry[]): string {
  if (hostPath === stateSource || hostPath.startsWith(`${stateSource}/`)) {
    return stateBind + hostPath.slice(stateSource.length);
  }
  const storage = topmostAt(entries, storageBind);
  const state = topmostAt(entries, stateBind);
  const isState = storage?.device === state?.device && storage?.root === state?.root;
  if (storage === null || storage.type === nothing || isState) throw notShown(hostPath);
  // The table names a source by its way from the top of its file system, which may lie anywhere on the host, or be a
  // subvolume: so the two agree at their end. Where the source is the top itself, nothing is told.
  const above = aboveOrAt(hostPath);
  const { root } = storage;
  const source = above.find((path) => root !== "/" && (root.endsWith(path) || path.endsWith(root)));
  if (source !== undefined) return storageBind + hostPath.slice(source.length);
  const below = above
    .map((path) => hostPath.slice(path.length))
    .findLast((way) =>
      aboveOrAt(way).some((step) => topmostAt(entries, storageBind + step) !== null),
    );
  return storageBind + (below ?? "");
}

/** The path and all directories above it but the root, the nearest first. */
function aboveOrAt(path: string): string[] {
  const parts = path.split("/").slice(1);
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`);
}

function notShown(hostPath: string): UserError {
  const above = aboveOrAt(hostPath)[1] ?? hostPath;
  return new UserError(
    "invalid",
    `dir://${hostPath} lies outside ${stateSource}, and the plugin was not shown it. Do: docker plugin disable -f swarmnfs; docker plugin set swarmnfs storage.source=${above}; docker plugin enable swarmnfs. (${above} must exist at every boot before Docker starts. If something is mounted at ${above} itself, name a directory above it: then Docker starts also when that does not answer.)`,
  );
}

/** The id under which the engine runs us: it is part of the path behind the plugin's propagated mount. */
export function pluginIdIn(entries: readonly MountEntry[], mounts: string): string | null {
  return mountOf(entries, mounts)?.root.match(/\/plugins\/([0-9a-f]{64})\//)?.[1] ?? null;
}
