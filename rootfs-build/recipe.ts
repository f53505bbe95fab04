/** What of Debian goes into a base; everything else of the packages stays out. */
export interface Recipe {
  readonly packages: readonly string[];
  /** With the libraries they load. */
  readonly programs: readonly string[];
  /** Other names of programs, and what they stand for. */
  readonly links: Readonly<Record<string, string>>;
  /** Taken over if the packages have them. */
  readonly files: readonly string[];
  /** Empty directories, to mount on. */
  readonly folders: readonly string[];
}

const mountNfs = {
  packages: ["mount", "nfs-common"],
  programs: ["/usr/bin/mount", "/usr/bin/umount", "/usr/sbin/mount.nfs"],
  links: {
    "/usr/sbin/mount.nfs4": "mount.nfs",
    "/usr/sbin/umount.nfs": "mount.nfs",
    "/usr/sbin/umount.nfs4": "mount.nfs",
  },
  // How mount.nfs chooses an RPC transport.
  files: ["/etc/netconfig"],
} as const;

/** Extended attributes and ACLs of copies, for which Node.js has no calls. */
const attributes = {
  packages: ["attr"],
  programs: ["/usr/bin/getfattr", "/usr/bin/setfattr"],
} as const;

/** Of Node.js itself, and for the small images that tests and the demo run. */
const always = ["binutils", "busybox-static", "libstdc++6"];

/** The managed plugin: mount(8) and its NFS helpers; nft for the guard. */
export const pluginRecipe: Recipe = {
  ...mountNfs,
  packages: [...always, ...mountNfs.packages, ...attributes.packages, "ktls-utils", "nftables"],
  programs: [...mountNfs.programs, ...attributes.programs, "/usr/sbin/nft", "/usr/sbin/tlshd"],
  folders: ["mnt/volumes", "run/docker/plugins"],
};

/** Project quotas on XFS and ext4; setquota wants the disk's device node, which a container lacks: mknod. */
const quotas = {
  packages: ["coreutils", "e2fsprogs", "quota"],
  programs: ["/usr/bin/chattr", "/usr/bin/lsattr", "/usr/bin/mknod", "/usr/sbin/setquota"],
} as const;

/**
 * The storage node: the kernel's NFS server and what remembers its clients; the rules that admit allowed hosts; mount.nfs to attack itself;
 * tlshd for NFS over TLS; tini, for Node.js as the first process would bury none but its own children.
 */
export const serverRecipe: Recipe = {
  ...mountNfs,
  packages: [
    ...always,
    ...mountNfs.packages,
    ...attributes.packages,
    ...quotas.packages,
    "iproute2",
    "ktls-utils",
    "nfs-kernel-server",
    "nftables",
    "tini",
  ],
  programs: [
    ...mountNfs.programs,
    ...attributes.programs,
    ...quotas.programs,
    "/usr/bin/tini",
    "/usr/sbin/ip",
    "/usr/sbin/nfsdcld",
    "/usr/sbin/nfsdctl",
    "/usr/sbin/nft",
    "/usr/sbin/rpc.nfsd",
    "/usr/sbin/tlshd",
  ],
  // Names of ports and protocols, which rpc.nfsd looks up.
  files: [...mountNfs.files, "/etc/services", "/etc/protocols"],
  folders: ["exports", "nfs_volumes", "run/rpc_pipefs", "var/lib/nfs"],
};

/**
 * The backup service: restic, in a mount name space of its own where one volume is all there is (unshare, mount, and sh to
 * do both), at idle priority for disks (ionice); the quotas of what it brings back beside the storage node's server; tini
 * as there.
 */
export const backupRecipe: Recipe = {
  packages: [
    ...always,
    ...quotas.packages,
    "dash",
    "findutils",
    "hostname",
    "mount",
    "restic",
    "tini",
    "util-linux",
  ],
  programs: [
    ...quotas.programs,
    "/usr/bin/dash",
    "/usr/bin/find",
    "/usr/bin/hostname",
    "/usr/bin/ionice",
    "/usr/bin/mount",
    "/usr/bin/restic",
    "/usr/bin/setpriv",
    "/usr/bin/tini",
    "/usr/bin/umount",
    "/usr/bin/unshare",
  ],
  links: { "/usr/bin/sh": "dash" },
  files: [],
  folders: ["restore", "run/swarmnfs", "storage", "var/cache/swarmnfs", "var/lib/swarmnfs"],
};

/** What `swarmnfs bench` measures with: fio, and the libraries that Debian's loads. Its image leaves Node.js out. */
export const benchRecipe: Recipe = {
  packages: [...always, "fio"],
  programs: ["/usr/bin/fio"],
  links: {},
  files: [],
  folders: ["bench"],
};
