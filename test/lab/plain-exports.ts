import type { Machine } from "../../lab/machine.ts";

/** File systems on which exports are attacked, and how each is made. */
export const fileSystems = {
  ext4: { make: "mkfs.ext4 -q", size: "64M" },
  xfs: { make: "mkfs.xfs -q", size: "320M" },
  btrfs: { make: "mkfs.btrfs -q", size: "128M" },
} as const;
export type FileSystem = keyof typeof fileSystems;

const folder = "/srv/plain";
const exportsFile = "/etc/exports.d/attacks.exports";

/**
 * Exports of a NAS as everybody makes them: two directories of one file system, `mine` for one address and `yours` for
 * another. `options` are what is attacked, `no_subtree_check` for one.
 */
export async function exportPlainly(
  nas: Machine,
  kind: FileSystem,
  { address, other, options }: { address: string; other: string; options: string },
): Promise<{ readonly mine: string; readonly yours: string }> {
  const place = `${folder}/${kind}`;
  const { make, size } = fileSystems[kind];
  await nas.must(
    `set -e
    modprobe -a loop ${kind}
    mkdir -p ${place}
    if ! mountpoint -q ${place}; then
      rm -f /volume1/plain-${kind}.img
      truncate -s ${size} /volume1/plain-${kind}.img
      ${make} /volume1/plain-${kind}.img
      mount -o loop /volume1/plain-${kind}.img ${place}
    fi
    mkdir -p ${place}/mine
    rm -rf ${place}/yours
    mkdir ${place}/yours
    # Symlinks that are planted lead to where the victim is on the server's disk.
    ln -sfn ${place}/yours ${place}/mine/way-out
    printf '%s\\n' '${place}/mine ${address}(rw,no_root_squash,${options})' '${place}/yours ${other}(rw,no_root_squash,${options})' >${exportsFile}
    exportfs -ra
    exportfs -f`,
    { timeout: 180_000 },
  );
  return { mine: `${place}/mine`, yours: `${place}/yours` };
}

/** As if they had never been. */
export async function unexportPlainly(nas: Machine): Promise<void> {
  const kinds = Object.keys(fileSystems).join(" ");
  await nas.must(
    `rm -f ${exportsFile}
    exportfs -ra
    exportfs -f
    for kind in ${kinds}; do
      ! mountpoint -q ${folder}/$kind || umount ${folder}/$kind || umount -l ${folder}/$kind
      rm -f /volume1/plain-$kind.img
    done`,
    { timeout: 180_000 },
  );
}
