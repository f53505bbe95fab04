import test from "ava";
import { labCluster } from "./cluster.ts";
import { runConformance } from "./conformance/on-machine.ts";
import { LoopDisk } from "./loop-disk.ts";
import { StorageNode } from "./storage-node.ts";

const on = labCluster();

/** The Node.js of the server's image, on the machine that has it. */
const node = "/var/lib/docker/overlay2/*/diff/usr/local/bin/node";

test("the conformance suite of storages passes on swarmnfs://, against the real agent and the kernel's NFS", async (t) => {
  t.timeout(3_600_000);
  const storage = new StorageNode(on.lab);
  const disk = await LoopDisk.make(on, storage.machine, "conformance");
  on.afterwards(() => storage.restore());
  await storage.start({ SWARMNFS_DISK: disk.place, SWARMNFS_ADMIN_NODES: "node1,node2" });
  const { address } = storage.machine.plan;
  t.is(await runConformance(storage.machine, "swarmnfs", node, [address, disk.place]), 0);
});
