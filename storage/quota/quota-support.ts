import { mountOf, type MountEntry } from "../mounting/mountinfo.ts";

/** A disk whose file system keeps project quotas. */
export interface QuotaDisk {
  readonly kind: "xfs" | "ext4";
  /** The block device by which quotactl(2) knows it, as the mount table calls it: `/dev/vdc`. */
  readonly device: string;
  /** Its number, `254:32`. */
  readonly number: string;
}

/** In mount tables XFS calls them `prjquota`, older kernels `pquota`; without enforcement they end in `noenforce`. */
const options: ReadonlySet<string> = new Set(["prjquota", "pquota"]);

/** The disk that `path` (absolute, without symlinks) lies on if its file system keeps project quotas; else why it does not. */
export function quotaSupport(
  entries: readonly MountEntry[],
  path: string,
): QuotaDisk | { readonly why: string } {
  const mount = mountOf(entries, path);
  if (mount === null) return { why: "the kernel's mount table does not say what it lies on" };
  const { type, source, device, fileSystemOptions } = mount;
  if (type !== "xfs" && type !== "ext4")
    return { why: `its file system is ${type}: sizes need XFS (best) or ext4` };
  if (!fileSystemOptions.some((option) => options.has(option)))
    return {
      why:
        type === "xfs"
          ? "its XFS is mounted without project quotas. Unmount it and mount it with the option prjquota (in /etc/fstab)"
          : `its ext4 is mounted without project quotas. Unmount it, run tune2fs -O project,quota -Q prjquota ${source}, and mount it with the option prjquota (in /etc/fstab)`,
    };
  if (!source.startsWith("/")) return { why: `its disk has no name that can be used: ${source}` };
  return { kind: type, device: source, number: device };
}
