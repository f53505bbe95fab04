import type { Machine } from "./machine.ts";

/** A network of its own on a machine, with an address on the lab's Ethernet: for a server it is another machine. */
export class OwnNetwork {
  readonly machine: Machine;
  readonly address: string;
  /** What makes a command one of this network, in front of it. */
  readonly inside: string;
  readonly #name: string;
  readonly #places: string[] = [];

  private constructor(machine: Machine, name: string, address: string) {
    this.machine = machine;
    this.address = address;
    this.inside = `nsenter --net=/run/netns/${name}`;
    this.#name = name;
  }

  /** `name` is also by what NFS servers know its client. It stays until {@link remove}. */
  static async make(machine: Machine, name: string, address: string): Promise<OwnNetwork> {
    const made = new OwnNetwork(machine, name, address);
    // No name of an interface has more than 15 letters.
    const card = `own${address.split(".").at(-1)}`;
    await machine.must(
      `set -e
      modprobe -a macvlan nfsv4
      ip netns add ${name}
      ip link add link eth0 name ${card} type macvlan mode bridge
      ip link set ${card} netns ${name}
      ip -n ${name} link set lo up
      ip -n ${name} address add ${address}/24 dev ${card}
      ip -n ${name} link set ${card} up
      ${made.inside} unshare --mount sh -c 'mount -t sysfs sysfs /sys && echo ${name} >/sys/fs/nfs/net/nfs_client/identifier'`,
    );
    return made;
  }

  /** Mounts what an NFS server shows at `place`, which every container of the machine can be given then. */
  async mount(source: string, place: string): Promise<void> {
    this.#places.push(place);
    await this.machine.must(
      `mkdir -p ${place} && ${this.inside} mount -t nfs4 -o retry=0,vers=4.2 ${source} ${place}`,
      { timeout: 60_000 },
    );
  }

  /** With everything that it mounted. */
  async remove(): Promise<void> {
    for (const place of this.#places)
      await this.machine.run(`umount --force --lazy ${place}; rmdir ${place}`);
    await this.machine.run(`ip netns delete ${this.#name}`);
  }
}
