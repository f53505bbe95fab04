import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runBounded } from "../mounting/bounded-command.ts";
import type { NfsIdentity } from "../storage-server.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { inFolder, withOwnSysfs } from "./own-sysfs.ts";

/** Below a mounted sysfs; one for each network name space (kernel 5.2 and later). */
const identifierFile = "fs/nfs/net/nfs_client/identifier";

/** Where its sysfs is mounted for a moment. */
const sysfsName = ".swarmnfs-identity";
/** How long loading the module may take, in milliseconds. */
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
 * With `another`, new mounts get another name of this node's than mounts of before, so that neither the server nor the
 * kernel takes them for one; what an administrator set stays all the same. Answers the name that new mounts get.
 * Throws `unavailable` if the kernel has no NFS and does not load it either.
 */
export async function ensureIdentity(
  nodeId: string,
  effects: IdentityEffects,
  another: string | null = null,
): Promise<NfsIdentity> {
  const shown = another === null ? identityOf(await effects.shown(), nodeId) : nobody;
  if (shown.name !== null) return shown;
  if (!knowsNfs(await effects.filesystems())) {
    await effects.loadModule();
    if (!knowsNfs(await effects.filesystems())) throw noNfs();
  }
  return effects.withIdentifier(async (file) => {
    const text = await file.read();
    const present = identityOf(text, nodeId);
    const parameter = identityOf(await file.moduleParameter(), nodeId);
    if (text === null || parameter.name !== null)
      return present.name === null ? parameter : present;
    if (present.name !== null && (another === null || !present.isOurs)) return present;
    const name = another === null ? nodeId : `${nodeId}-${another}`;
    await file.write(name);
    return { name, isOurs: true };
  });
}

const nobody: NfsIdentity = { name: null, isOurs: false };

/** The kernel shows what is not set as an empty line, or as "(null)". */
function identityOf(text: string | null, nodeId: string): NfsIdentity {
  const name = text?.trim() ?? "";
  if (["", "(null)"].includes(name)) return nobody;
  return { name, isOurs: name === nodeId || name.startsWith(`${nodeId}-`) };
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

/** The machine itself; what has to be mounted for a moment is mounted below `folder`. */
export function systemIdentityEffects(folder: string): IdentityEffects {
  return {
    shown: () => readFile(join("/sys", identifierFile), "utf8").catch(() => null),
    filesystems: () => readFile("/proc/filesystems", "utf8"),
    loadModule: () =>
      inFolder(folder, sysfsName, (place) =>
        // -i: the kernel alone, without mount.nfs4, which would ask the network.
        runBounded("mount", ["-i", "-t", "nfs4", "none:/", place], boundMs).catch(() => {}),
      ),
    withIdentifier: (work) =>
      withOwnSysfs(folder, sysfsName, (sys) => {
        const identifier = join(sys, identifierFile);
        const parameter = join(sys, "module/nfs/parameters/nfs4_unique_id");
        return work({
          read: () => readFile(identifier, "utf8").catch(() => null),
          write: (identity) => writeFile(identifier, identity),
          moduleParameter: () => readFile(parameter, "utf8").catch(() => ""),
        });
      }),
  };
}
