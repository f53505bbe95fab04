import test from "ava";
import { labCluster } from "./cluster.ts";
import { runConformance } from "./conformance/on-machine.ts";

const on = labCluster();

/** Where the plugin's own Node is, on a machine that has it. */
const node = "/var/lib/docker/plugins/*/rootfs/usr/local/bin/node";

test.serial(
  "the conformance suite of storages passes on nfs://, over the kernel's NFS",
  async (t) => {
    t.timeout(1_800_000);
    t.is(await runConformance(on.node(1), "nfs", node, ["nas.lan", "/volume1"]), 0);
  },
);
