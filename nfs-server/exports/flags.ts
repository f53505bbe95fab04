import type { Export } from "./exports.ts";

/** The kernel's export flags, as `linux/nfsd/export.h` numbers them. Only those that we use or must know. */
export const exportFlag = {
  readOnly: 0x1,
  /** Clients may call from ports over 1023: never set. Whoever is not root on a node gets no further than its kernel. */
  insecurePort: 0x2,
  rootSquash: 0x4,
  allSquash: 0x8,
  /** Answer before it is on the disk: never set. */
  async: 0x10,
  /** File handles are signed. Linux of 2026; nfs-utils of that year has the same number. */
  signedHandles: 0x100,
  /** A file handle opens whatever it names on that file system: never set, for it is all the isolation there is. */
  noSubtreeCheck: 0x400,
  /** The export is known by a number of ours, not by its device. */
  fsid: 0x2000,
  crossMount: 0x4000,
  /** The place where clients begin, which shows nothing but ways to exports. */
  v4Root: 0x10000,
} as const;

/** Of a volume for one node. `subtree_check` and `sync` are what is left when their opposites are not set. */
export function volumeFlags({ readOnly, squash }: Pick<Export, "readOnly" | "squash">): number {
  return (
    exportFlag.fsid |
    (readOnly ? exportFlag.readOnly : 0) |
    (squash === null ? 0 : exportFlag.allSquash)
  );
}

export const pseudoRootFlags =
  exportFlag.readOnly | exportFlag.fsid | exportFlag.v4Root | exportFlag.crossMount;

/**
 * Whether this kernel can sign file handles, by `/proc/fs/nfsd/export_features`: the first number there has a bit for
 * each flag the kernel knows. Only that: signing needs a key as well, and without one the kernel gives out no handles.
 */
export function canSignHandles(exportFeatures: string): boolean {
  const [known] = exportFeatures.trim().split(/\s+/);
  return (Number(known) & exportFlag.signedHandles) !== 0;
}
