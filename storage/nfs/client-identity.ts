import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runBounded } from "../mounting/bounded-command.ts";
import { StorageUnavailable } from "../unavailable.ts";

/** Below a mounted sysfs; one for each network name space (kernel 5.2 and later). */
const identifierFile = "fs/nfs/net/nfs_client/identifier";

/** How long a mount or unmount may take, in milliseconds: none of them asks the network. */
const boundMs = 10_000;

/** What setting the identity does to the machine. */
export interface IdentityEffects {
  /** /proc/filesystems. */
  filesystems(): Promise<string>;
  /** The identity as this process's own /sys shows it, or null; it may not show it, and cannot be written in there. */
  shown(): Promise<string | null>;
  /** Mounts of type nfs4 what cannot be mounted: the kernel loads the module for it. Never rejects. */
  loadModule(): Promise<void>;
  /** The identity in use in this network name space, as the kernel shows it; null if it has no such file. */
  withIdentifier<Result>(work: (file: IdentifierFile) => Promise<Result>): Promise<Result>;
}

export interface IdentifierFile {
  /** Null where the kernel does not know it (before 5.2). */
  read(): Promise<string | null>;
  write(identity: string): Promise<void>;
  /** `nfs4_unique_id` of the module `nfs`, for the whole machine; empty if it was not given. */
  moduleParameter(): Promise<string>;
}

/**
 * Gives this node's NFS client a name of its own, before its first mount: without one it is the host name, and two
 * machines of one name (cloned ones) throw each other's locks out. What is there already was meant, and stays.
 * Throws `unavailable` if the kernel has no NFS and does not load it either.
 */
export async function ensureIdentity(identity: string, effects: IdentityEffects): Promise<void> {
  if (isSet(await effects.shown())) return;
  if (!knowsNfs(await effects.filesystems())) {
    await effects.loadModule();
    if (!knowsNfs(await effects.filesystems())) throw noNfs();
  }
  await effects.withIdentifier(async (file) => {
    const present = await file.read();
    if (present === null || isSet(present) || isSet(await file.moduleParameter())) return;
    await file.write(identity);
  });
}

/** The kernel shows what is not set as an empty line, or as "(null)". */
function isSet(shown: string | null): boolean {
  return !["", "(null)"].includes(shown?.trim() ?? "");
}

/** What a person must do on a machine whose kernel cannot mount NFS. */
export function noNfs(cause?: unknown): StorageUnavailable {
  return new StorageUnavailable(
    `this node's kernel has no NFS client, and loading it failed. Do on the node, as root: modprobe nfs (if there is no such module, install your kernel's extra modules, like linux-modules-extra-…). The plugin goes on by itself then`,
    { cause },
  );
}

function knowsNfs(filesystems: string): boolean {
  return /\tnfs4$/m.test(filesystems);
}

/** The machine itself. `/sys` is read-only in a managed plugin: so it is mounted anew, for a moment, below `folder`. */
export function systemIdentityEffects(folder: string): IdentityEffects {
  const at = <Result>(work: (place: string) => Promise<Result>): Promise<Result> =>
    inFolder(folder, work);
  return {
    shown: () => readFile(join("/sys", identifierFile), "utf8").catch(() => null),
    filesystems: () => readFile("/proc/filesystems", "utf8"),
    loadModule: () =>
      at((place) =>
        // -i: the kernel alone, without mount.nfs4, which would ask the network.
        runBounded("mount", ["-i", "-t", "nfs4", "none:/", place], boundMs).catch(() => {}),
      ),
    withIdentifier: (work) =>
      at(async (place) => {
        await runBounded(
          "mount",
          ["-t", "sysfs", "-o", "nosuid,nodev,noexec", "sysfs", place],
          boundMs,
        );
        try {
          const identifier = join(place, identifierFile);
          const parameter = join(place, "module/nfs/parameters/nfs4_unique_id");
          return await work({
            read: () => readFile(identifier, "utf8").catch(() => null),
            write: (identity) => writeFile(identifier, identity),
            moduleParameter: () => readFile(parameter, "utf8").catch(() => ""),
          });
        } finally {
          await runBounded("umount", ["--lazy", place], boundMs);
        }
      }),
  };
}

async function inFolder<Result>(
  folder: string,
  work: (place: string) => Promise<Result>,
): Promise<Result> {
  const place = join(folder, ".swarmnfs-identity");
  await mkdir(place, { recursive: true, mode: 0o700 });
  try {
    return await work(place);
  } finally {
    await rmdir(place).catch(() => {}); // where a process was killed in the middle, its mount is still there
  }
}
