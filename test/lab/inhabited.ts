import type { Machine } from "../../lab/machine.ts";
import { BareNode } from "./bare-node.ts";
import type { Cluster } from "./cluster.ts";
import type { FileSystem } from "./plain-exports.ts";
import { StorageNode } from "./storage-node.ts";
import { plant, type Planted } from "./victim.ts";

/** Where the storage machine has a disk of each kind. */
const disks: Readonly<Record<FileSystem, string>> = {
  xfs: "/nfs_volumes",
  ext4: "/srv/ext4",
  btrfs: "/srv/btrfs",
};

/** What the lab's server serves anyway. */
const usualKind: FileSystem = "xfs";

/** What a node says with an attachment. */
export const attachment = { id: null, consumers: ["container test"] };

/** A storage node with two nodes, one of which is a thief. */
export interface Scene {
  readonly storage: StorageNode;
  readonly thief: BareNode;
  readonly owner: BareNode;
  /** The volume that the thief was granted. It has put a symlink `way-out` into it. */
  readonly mine: string;
  /** A volume of another app, which the owner has attached. */
  readonly other: Planted;
  /** An exclusive volume of the thief's own app, which the owner has attached. */
  readonly alone: Planted;
}

/** Our server with its data on a disk of this kind, a thief that has one volume, and what it wants to have. */
export async function inhabited(on: Cluster, kind: FileSystem): Promise<Scene> {
  const storage = new StorageNode(on.lab);
  if (kind !== usualKind) {
    on.afterwards(() => storage.restore());
    await storage.start({ SWARMNFS_DISK: disks[kind] });
  }
  const thief = await joined(on, storage, on.name("thief"), on.node(1), "10.77.0.61");
  const owner = await joined(on, storage, on.name("owner"), on.node(2), "10.77.0.62");
  const [mine, app] = [on.name("mine"), on.name("app")];
  const hosts = `${thief.name},${owner.name}`;
  await thief.ask("createVolume", {}, { name: mine, options: { app, hosts } });
  await thief.ask("attach", { name: mine }, attachment);
  const disk = disks[kind];
  const another = on.name("another");
  const other = await owned(owner, storage, disk, on.name("other"), { app: another });
  const alone = await owned(owner, storage, disk, on.name("alone"), { app, access: "exclusive" });
  // A way out, as an app could make it in what is its own.
  await storage.machine.must(
    `ln -s /nfs_volumes/apps/${another}/${on.name("other")} ${disk}/apps/${app}/${mine}/way-out`,
  );
  return { storage, thief, owner, mine, other, alone };
}

/** A volume that is the owner's alone and in use there, with a secret in it. */
async function owned(
  owner: BareNode,
  storage: StorageNode,
  disk: string,
  name: string,
  options: Readonly<Record<string, string>>,
): Promise<Planted> {
  const asked = { name, options: { ...options, hosts: owner.name } };
  const { app, fsid } = await owner.ask("createVolume", {}, asked);
  await owner.ask("attach", { name }, attachment);
  const seen = { path: [name], exportNumber: fsid };
  return plant(storage.machine, `${disk}/apps/${app}/${name}`, seen);
}

async function joined(
  on: Cluster,
  storage: StorageNode,
  name: string,
  machine: Machine,
  address: string,
): Promise<BareNode> {
  await machine.must(`ip address add ${address}/24 dev eth0`);
  on.afterwards(() => machine.run(`ip address del ${address}/24 dev eth0`));
  const node = new BareNode(name, machine, address, storage);
  const asked = { node: name, cidr: null, validMs: 3_600_000, replace: false };
  const { token } = await storage.ask("token", {}, asked);
  on.afterwards(() => thrownOut(storage, name));
  const refused = await node.join(token);
  if (refused !== null) throw new Error(`${name} cannot join: ${refused}`);
  return node;
}

/** Nodes of that name are none any more. */
export async function thrownOut(storage: StorageNode, name: string): Promise<void> {
  const { nodes } = await storage.ask("nodes", {}, undefined);
  for (const node of nodes)
    if (node.name === name && node.state !== "revoked")
      await storage.ask("revokeNode", { id: node.id }, undefined);
}
