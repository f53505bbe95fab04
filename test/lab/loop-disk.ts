import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";

const make = {
  xfs: "mkfs.xfs -q",
  ext4: "mkfs.ext4 -q -m 0 -O project,quota -E quotatype=prjquota",
} as const;

/** A disk that is a file, with project quotas, for one test. */
export class LoopDisk {
  readonly place: string;

  private constructor(place: string) {
    this.place = place;
  }

  /** It is gone after the test. */
  static async make(
    on: Cluster,
    machine: Machine,
    name: string,
    kind: keyof typeof make = "xfs",
  ): Promise<LoopDisk> {
    const [place, image] = [`/srv/${name}`, `/var/lib/docker/${name}.img`];
    on.afterwards(() =>
      machine.run(`umount ${place} || umount --lazy ${place}; rm -f ${image}; rmdir ${place}`),
    );
    await machine.must(
      `set -e
      modprobe loop
      mkdir -p ${place}
      truncate -s 2G ${image}
      ${make[kind]} ${image}
      mount -o loop,prjquota ${image} ${place}`,
      { timeout: 120_000 },
    );
    return new LoopDisk(place);
  }
}
