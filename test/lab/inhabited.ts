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
  await storage.start({ SWARMNFS_DISK: disks[kind] });
  const [thief, owner] = await Promise.all([
    joined(on, storage, on.name("thief"), on.node(1)),
    joined(on, storage, on.name("owner"), on.node(2)),
  ]);
  const [mine, other, alone] = [on.name("mine"), on.name("other"), on.name("alone")];
  const [app, otherApp] = [on.name("app"), on.name("otherapp")];
  const both = `${thief.name}|${owner.name}`;
  await thief.ask("createVolume", {}, { name: mine, options: { app, hosts: both } });
  await owner.ask(
    "createVolume",
    {},
    {
      name: other,
      options: { app: otherApp, hosts: owner.name },
    },
  );
  await owner.ask(
    "createVolume",
    {},
    {
      name: alone,
      options: { app, hosts: owner.name, access: "exclusive" },
    },
  );
  const attach = { id: null, consumers: ["container test"] };
  const places: Record<string, Planted> = {};
  for (const name of [other, alone]) {
    await owner.ask("attach", { name }, attach);
    const record = await storage.ask("volume", { name }, undefined);
    places[name] = await plant(storage.machine, `${disks[kind]}/apps/${record.app}/${name}`, {
      path: [name],
      exportNumber: record.fsid,
    });
  }
  await thief.ask("attach", { name: mine }, attach);
  // A way out that the thief plants in what is its own.
  const mount = `mount -t nfs4 ${storage.machine.plan.address}:/${mine} /run/own`;
  await thief.machine.must(
    `mkdir -p /run/own && ${mount} && ln -s /nfs_volumes/apps/${otherApp}/${other} /run/own/way-out && umount /run/own`,
    { timeout: 120_000 },
  );
  const [first, second] = [places[other], places[alone]];
  if (first === undefined || second === undefined) throw new Error("nothing was planted");
  return { storage, thief, owner, mine, other: first, alone: second };
}

async function joined(
  on: Cluster,
  storage: StorageNode,
  name: string,
  machine: Machine,
): Promise<BareNode> {
  const node = new BareNode(name, machine, storage);
  const asked = { node: name, cidr: null, validMs: 3_600_000, replace: false };
  const { token } = await storage.ask("token", {}, asked);
  const refused = await node.join(token);
  if (refused !== null) throw new Error(`${name} cannot join: ${refused}`);
  on.afterwards(() => thrownOut(storage, name));
  return node;
}

/** Nodes of that name are none any more. */
export async function thrownOut(storage: StorageNode, name: string): Promise<void> {
  const { nodes } = await storage.ask("nodes", {}, undefined);
  for (const node of nodes)
    if (node.name === name && node.state !== "revoked")
      await storage.ask("revokeNode", { id: node.id }, undefined);
}
