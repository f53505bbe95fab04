import type { Outcome } from "../../engine-box/outcome.ts";
import { OwnNetwork } from "../../lab/own-network.ts";
import { BareNode } from "./bare-node.ts";
import type { Cluster } from "./cluster.ts";
import { thrownOut } from "./inhabited.ts";
import { LoopDisk } from "./loop-disk.ts";
import { StorageNode } from "./storage-node.ts";

/** Our server with its data on another disk, and a node that has joined it without a plugin. */
export interface SizedDisk {
  readonly disk: LoopDisk;
  readonly storage: StorageNode;
  readonly node: BareNode;
  /** Attaches and mounts volumes on the node, which keeps them for a quarter of an hour. */
  readonly mount: (volumes: readonly string[]) => Promise<void>;
  /** Runs a script in a container of the node's machine that has a mounted volume at `/d`. */
  readonly container: (volume: string, script: string, flags?: string) => Promise<Outcome>;
}

export async function sizedDisk(on: Cluster, kind: "xfs" | "ext4" | "luks"): Promise<SizedDisk> {
  const storage = new StorageNode(on.lab);
  const disk = await LoopDisk.make(on, storage.machine, "sized", kind);
  on.afterwards(() => storage.restore());
  await storage.start({ SWARMNFS_DISK: disk.place });
  const [name, machine, address] = [on.name("sizer"), on.node(1), "10.77.0.71"];
  const network = await OwnNetwork.make(machine, name, address);
  on.afterwards(() => network.remove());
  const node = new BareNode(name, machine, address, storage, network.inside);
  const asked = { node: name, cidr: null, validMs: 3_600_000, replace: false };
  const { token } = await storage.ask("token", {}, asked);
  on.afterwards(() => thrownOut(storage, name));
  const refused = await node.join(token);
  if (refused !== null) throw new Error(`${name} cannot join: ${refused}`);
  return {
    disk,
    storage,
    node,
    mount: async (volumes) => {
      for (const volume of volumes)
        await node.ask("attach", { name: volume }, { id: null, consumers: [] });
      // Nobody renews its leases.
      await node.ask("absence", {}, { forMs: 900_000 });
      for (const volume of volumes)
        await network.mount(`${storage.machine.plan.address}:/${volume}`, `/mnt/${volume}`);
    },
    container: (volume, script, flags = "") => {
      const line = `run --rm --network none ${flags} --volume /mnt/${volume}:/d busybox sh -c`;
      return on.attempt(machine, line.replaceAll(/ +/g, " "), script);
    },
  };
}
