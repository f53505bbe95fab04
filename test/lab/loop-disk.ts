import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";

const make = {
  xfs: "mkfs.xfs -q",
  ext4: "mkfs.ext4 -q -m 0 -O project,quota -E quotatype=prjquota",
  /** XFS under LUKS; its key lies beside it. Without the expensive derivation, which is for passphrases of people. */
  luks: "mkfs.xfs -q",
} as const;

/** A disk that is a file, with project quotas, for one test. */
export class LoopDisk {
  readonly place: string;
  /** The file. */
  readonly image: string;
  readonly #machine: Machine;
  readonly #open: string;

  private constructor(machine: Machine, place: string, image: string, open: string) {
    this.#machine = machine;
    this.place = place;
    this.image = image;
    this.#open = open;
  }

  /** It is gone after the test. */
  static async make(
    on: Cluster,
    machine: Machine,
    name: string,
    kind: keyof typeof make = "xfs",
  ): Promise<LoopDisk> {
    const [place, image] = [`/srv/${name}`, `/var/lib/docker/${name}.img`];
    const key = `${image}.key`;
    on.afterwards(() =>
      machine.run(
        `umount ${place} || umount --lazy ${place}; [ ! -e ${key} ] || cryptsetup close ${name}; rm -f ${image} ${key}; rmdir ${place}`,
      ),
    );
    const lock = `modprobe dm_crypt
      head -c 64 /dev/urandom >${key}
      cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file ${key} ${image}`;
    const unlock = `modprobe -a loop dm_crypt; cryptsetup open --key-file ${key} ${image} ${name}`;
    const isLocked = kind === "luks";
    const device = isLocked ? `/dev/mapper/${name}` : image;
    const mount = `mount -o ${isLocked ? "" : "loop,"}prjquota ${device} ${place}`;
    await machine.must(
      `set -e
      modprobe loop
      mkdir -p ${place}
      truncate -s 2G ${image}
      ${isLocked ? `${lock}\n${unlock}` : ""}
      ${make[kind]} ${device}
      ${mount}`,
      { timeout: 300_000 },
    );
    return new LoopDisk(
      machine,
      place,
      image,
      `${isLocked ? unlock : "modprobe loop"} && ${mount}`,
    );
  }

  /** Opens and mounts it again, after its machine was off. */
  open(): Promise<string> {
    return this.#machine.must(this.#open, { timeout: 120_000 });
  }
}
