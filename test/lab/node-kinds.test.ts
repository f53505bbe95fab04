// Nodes that are not what the plugin would like: it says what is missing, and goes on by itself when it is there.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

test("a node without the NFS module is told what to load, and works once it is loaded", async (t) => {
  const node = on.node(2);
  const name = await on.volume("module");
  await on.says(on.node(1), `${name}-writer`, name, "echo hello >file");
  // Of a name that no driver could ever have told it, Docker makes a local volume.
  await eventually(
    async () => (await on.docker(node, "volume ls --quiet")).split("\n").includes(name),
    "the node knows the volume",
  );

  await on.fault(node, "no-nfs-module");
  await on.whole();
  const refusal = await eventually(async () => {
    const { exitCode, stderr } = await on.inContainer(node, `${name}-reader`, name, "cat file");
    return exitCode !== 0 && /NFS/.test(stderr) && stderr;
  }, "the plugin says what it lacks");
  t.regex(refusal, /kernel has no NFS client/);
  t.regex(refusal, /modprobe nfs/);
  t.is(await on.docker(node, "run --rm --network none busybox echo", "fine"), "fine");

  await on.mend(node);
  await node.must("modprobe nfs");
  await eventually(
    async () =>
      (await on.inContainer(node, `${name}-reader`, name, "cat file")).stdout === "hello\n",
    "the node reads what the other wrote",
  );
});

test("a node without Docker's socket that is trusted mounts for everybody on it", async (t) => {
  const node = on.node(2);
  const name = await on.volume("trusted");
  const enabledWith = async (...settings: string[]): Promise<void> => {
    await on.docker(node, "plugin disable --force swarmnfs");
    await on.docker(node, "plugin set swarmnfs", ...settings);
    await on.docker(node, "plugin enable swarmnfs");
  };
  on.afterwards(() =>
    enabledWith("SWARMNFS_DOCKER=/run/docker.sock", "SWARMNFS_WITHOUT_DOCKER=refuse"),
  );
  await enabledWith("SWARMNFS_DOCKER=off", "SWARMNFS_WITHOUT_DOCKER=trust-node");
  t.is(await on.says(node, "stranger", name, "echo hello; ls"), "hello");
});
