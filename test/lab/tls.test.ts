// NFS over TLS alone (SWARMNFS_TLS=on): nodes mount as before, and who has no certificate gets nothing, also from a node
// that was granted the volume and has no guard.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { eventually, say } from "./eventually.ts";
import { refusalsOf, lootOf } from "./raw-nfs/loot.ts";
import { sendThief } from "./send-thief.ts";
import { StorageNode } from "./storage-node.ts";
import { damage, plant, victimUid } from "./victim.ts";
import { inContainer, wayTo } from "./ways-in.ts";

const on = labCluster();
const composeFile = "/root/nfs-server.compose.yml";

test("over TLS nodes mount, and a container without a certificate is refused by the server", async (t) => {
  t.timeout(1_800_000);
  const [storage, node] = [new StorageNode(on.lab), on.node(1)];
  on.afterwards(async () => {
    await storage.machine.must(`mv ${composeFile}.before ${composeFile}`);
    await storage.restore();
  });
  await storage.machine.must(
    `cp ${composeFile} ${composeFile}.before && sed -i 's/# - NET_ADMIN /- NET_ADMIN /; s/# - seccomp=unconfined /- seccomp=unconfined /' ${composeFile}`,
  );
  await storage.start({ SWARMNFS_TLS: "on" });
  await eventually(
    async () => (await storage.health().catch(() => null))?.selfTest !== undefined,
    "the server tells of its attack on itself",
    120_000,
  );
  const { selfTest } = await storage.health();
  say(`self-test over TLS: ${JSON.stringify(selfTest)}`);
  // A client of its own was let in with a certificate, and not without.
  t.like(selfTest, { state: "passed" });

  const guarded = async (setting: "on" | "off"): Promise<void> => {
    await node.must(
      `docker plugin disable --force swarmnfs && docker plugin set swarmnfs SWARMNFS_GUARD=${setting} && docker plugin enable swarmnfs`,
      { timeout: 300_000 },
    );
    await on.whole();
  };
  on.afterwards(() => guarded("on"));
  await guarded("off");

  const volume = await on.volume("sealed");
  await on.container(node, volume, volume, "while :; do date >/d/now; sync; sleep 1; done");
  const mounts = await node.must(`grep '/${volume} ' /proc/self/mountinfo`);
  t.regex(mounts, /xprtsec=mtls/);
  await eventually(
    async () => (await on.docker(node, `exec ${volume} cat /d/now`)) !== "",
    "the container reads what it wrote",
  );
  const [uids, { app, fsid }] = [
    [0, victimUid] as const,
    await storage.ask("volume", { name: volume }, undefined),
  ];
  const seen = { path: [volume], exportNumber: fsid };
  const planted = await plant(storage.machine, `/nfs_volumes/apps/${app}/${volume}`, seen);
  for (const [who, flags] of [
    ["root", "--network bridge"],
    ["uid 1000", "--network bridge --user 1000"],
    ["root in the host's network", "--network host"],
  ] as const) {
    const report = await sendThief(
      node,
      {
        way: wayTo(storage.machine),
        own: [volume],
        symlink: null,
        paths: [],
        uids,
        victim: planted.victim,
      },
      inContainer(flags),
    );
    say(`${who}: ${refusalsOf(report).join("; ")}`);
    t.deepEqual([...lootOf(report, planted.victim.fileName, planted.secret)], [], who);
    t.is(await damage(storage.machine, planted), "now", who);
  }
});
