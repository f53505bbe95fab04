import { mkdtemp, readFile, realpath, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../service/user-error.ts";
import { CommandFailed, runBounded } from "../../storage/mounting/bounded-command.ts";
import { mountOf, parseMountinfo } from "../../storage/mounting/mountinfo.ts";

/** What is looked at. */
export interface RequirementWorld {
  readonly filesystems: () => Promise<string>;
  readonly status: () => Promise<string>;
  readonly mountinfo: () => Promise<string>;
  /** What AppArmor says of this process, or nothing. */
  readonly confinement: () => Promise<string>;
  /** Mounts something harmless and unmounts it. Throws `CommandFailed`. */
  readonly tryMount: () => Promise<void>;
}

const boundMs = 10_000;

export const systemRequirementWorld: RequirementWorld = {
  filesystems: () => readFile("/proc/filesystems", "utf8"),
  status: () => readFile("/proc/self/status", "utf8"),
  mountinfo: () => readFile("/proc/self/mountinfo", "utf8"),
  confinement: () => readFile("/proc/self/attr/current", "utf8").catch(() => ""),
  tryMount: async () => {
    const place = await mkdtemp(join(tmpdir(), "swarmnfs-"));
    try {
      await runBounded("mount", ["-t", "tmpfs", "-o", "size=4k", "swarmnfs-try", place], boundMs);
      await runBounded("umount", [place], boundMs);
    } finally {
      await rmdir(place);
    }
  },
};

/** CAP_SYS_ADMIN, capabilities(7). */
const sysAdmin = 1n << 21n;
/** File systems that hand out no lasting file handles, or are somebody else's to export. */
const cannotBeExported = /^(overlay|aufs|nfs4?|cifs|smb3|9p|virtiofs|fuse(\..*)?|proc|sysfs)$/;

/**
 * What keeps this machine or container from serving NFS; empty when nothing does. To be asked before anything is started:
 * each message says what is missing and the one thing to do about it.
 */
export async function missingRequirements(
  data: string,
  world: RequirementWorld = systemRequirementWorld,
): Promise<readonly UserError[]> {
  const found = await Promise.all([
    nfsdIsLoaded(world),
    mountingIsAllowed(world),
    dataCanBeExported(data, world),
  ]);
  return found.filter((each) => each !== null);
}

async function nfsdIsLoaded({ filesystems }: RequirementWorld): Promise<UserError | null> {
  if (/\bnfsd$/m.test(await filesystems())) return null;
  return new UserError(
    "unsupported",
    "the kernel's NFS server is not loaded, and a container cannot load it. On the machine itself: sudo modprobe nfsd (and for every boot: echo nfsd | sudo tee /etc/modules-load.d/nfsd.conf)",
  );
}

async function mountingIsAllowed(world: RequirementWorld): Promise<UserError | null> {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(await world.status())?.[1] ?? "0";
  if ((BigInt(`0x${capabilities}`) & sysAdmin) === 0n)
    return new UserError(
      "unsupported",
      "the capability SYS_ADMIN is missing, without which nfsd cannot be started and nothing be mounted. In the compose file: cap_add: [SYS_ADMIN] (privileged is not needed)",
    );
  try {
    await world.tryMount();
    return null;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    // Nobody has forbidden anything: the machine is only slow.
    if (error.timedOut) return null;
    const profile = (await world.confinement()).replaceAll(/[\0\s]+$/g, "");
    const isConfined = profile !== "" && profile !== "unconfined";
    const message = isConfined
      ? `mounting is forbidden by AppArmor's profile "${profile}". In the compose file: security_opt: [apparmor=unconfined]`
      : `mounting is forbidden although the capability SYS_ADMIN is there (${error.reason}). Look for a seccomp or SELinux rule of the container: docker inspect, HostConfig.SecurityOpt`;
    return new UserError("unsupported", message, { cause: error });
  }
}

async function dataCanBeExported(
  data: string,
  { mountinfo }: RequirementWorld,
): Promise<UserError | null> {
  const there = await stat(data).catch((error: NodeJS.ErrnoException) => error.code ?? "");
  if (typeof there === "string" || !there.isDirectory())
    return new UserError(
      "unavailable",
      `the data directory ${data} ${there === "ENOENT" ? "does not exist" : "cannot be used as a directory"}. Mount the data disk there; in the compose file: volumes: ["/path/of/the/disk:${data}"]`,
    );
  const type = mountOf(parseMountinfo(await mountinfo()), await realpath(data))?.type ?? "";
  if (!cannotBeExported.test(type)) return null;
  const isContainer = type === "overlay" || type === "aufs";
  return new UserError(
    "unsupported",
    isContainer
      ? `the data directory ${data} lies in the container itself (${type}): it cannot be exported, and would be gone with the container. In the compose file: volumes: ["/path/of/the/disk:${data}"]`
      : `the data directory ${data} is on ${type}, which the kernel's NFS server cannot export. Use a local disk: XFS is best, ext4 and btrfs work`,
  );
}
