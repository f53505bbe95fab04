// NFS over TLS alone (SWARMNFS_TLS=on): nodes mount as before and go on through restarts of either side, and who has no
// certificate gets nothing, also from a node that was granted the volume and has no guard. There is no DNS in the lab.
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { eventually, say } from "./eventually.ts";
import { lootOf, refusalsOf } from "./raw-nfs/loot.ts";
import { sendThief } from "./send-thief.ts";
import { StorageNode } from "./storage-node.ts";
import { damage, plant, victimUid } from "./victim.ts";
import { inContainer, wayTo } from "./ways-in.ts";

const on = labCluster();
const composeFile = "/root/nfs-server.compose.yml";
/** Every second what time it is, on the server's disk; it ends when that fails. */
const clockwork = "while date | dd of=/d/now conv=fsync 2>/dev/null; do sleep 1; done";

test.serial("over TLS nodes mount and go on through restarts of server and plugin", async (t) => {
  t.timeout(2_400_000);
  const [storage, node] = [await speakingTls(), on.node(1)];
  const { selfTest } = await storage.health();
  say(`self-test over TLS: ${JSON.stringify(selfTest)}`);
  // A client of its own was let in with a certificate, and not without.
  t.like(selfTest, { state: "passed" });
  const volume = await on.volume("sealed");
  const began = performance.now();
  await startClockwork(node, volume);
  say(`mounted over TLS within ${Math.round(performance.now() - began)} ms`);
  t.regex(await node.must(`grep '/${volume} ' /proc/self/mountinfo`), /xprtsec=mtls/);
  // The kernel's own count of connections that it encrypts.
  t.regex(await node.must("cat /proc/net/tls_stat"), /^TlsCurrTxSw\s+[1-9]/m);
  const written = `${await storage.directoryOf(volume)}/now`;
  const goesOn = async (after: string): Promise<void> => {
    const [before, since] = [await storage.machine.must(`cat ${written}`), performance.now()];
    await eventually(
      async () => (await storage.machine.must(`cat ${written}`)) !== before,
      `the container writes after ${after}`,
      300_000,
    );
    say(`it writes after ${after}, ${Math.round(performance.now() - since)} ms later`);
  };
  await goesOn("its start");

  await storage.compose("restart nfs-server");
  await goesOn("a restart of the server");

  // The next plugin has mounted nothing, and its tlshd has to shake hands for the mount that is there.
  await withGuard(node, "on");
  await storage.compose("restart nfs-server");
  await goesOn("a restart of the plugin, and of the server");

  await node.must("pkill -x tlshd");
  await storage.machine.must("pkill -x tlshd");
  await storage.killAgent();
  await storage.compose("restart nfs-server");
  await goesOn("the end of both tlshd, and another restart of the server");
  t.is(await on.docker(node, `inspect --format {{.State.Running}} ${volume}`), "true");
});

test.serial("a container without a certificate is refused by the server", async (t) => {
  t.timeout(2_400_000);
  const [storage, node] = [await speakingTls(), on.node(1)];
  on.afterwards(() => withGuard(node, "on"));
  await withGuard(node, "off");
  const volume = await on.volume("sealed");
  await startClockwork(node, volume);
  t.regex(await node.must(`grep '/${volume} ' /proc/self/mountinfo`), /xprtsec=mtls/);
  const { fsid } = await storage.ask("volume", { name: volume }, undefined);
  const seen = { path: [volume], exportNumber: fsid };
  const planted = await plant(storage.machine, await storage.directoryOf(volume), seen);
  for (const [who, flags] of [
    ["root", "--network bridge"],
    ["uid 1000", "--network bridge --user 1000"],
    ["root in the host's network", "--network host"],
  ] as const) {
    const { victim, secret } = planted;
    const errand = {
      way: wayTo(storage.machine),
      own: [volume],
      symlink: null,
      paths: [],
      uids: [0, victimUid],
      victim,
    };
    const report = await sendThief(node, errand, inContainer(flags));
    say(`${who}: ${refusalsOf(report).join("; ")}`);
    t.deepEqual([...lootOf(report, victim.fileName, secret)], [], who);
    t.is(await damage(storage.machine, planted), "now", who);
  }
});

/** Our server with SWARMNFS_TLS=on, once it has attacked itself; as it was before after the test. */
async function speakingTls(): Promise<StorageNode> {
  const storage = new StorageNode(on.lab);
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
  return storage;
}

/** In a container that is named as its volume, which is gone before the server speaks plainly again. */
async function startClockwork(node: Machine, volume: string): Promise<void> {
  on.afterwards(() => on.attempt(node, `rm --force ${volume}`));
  await on.container(node, volume, volume, clockwork);
}

/** Another plugin in the place of the one that runs, whose containers go on. */
async function withGuard(node: Machine, guard: "on" | "off"): Promise<void> {
  await node.must(
    `docker plugin disable --force swarmnfs && docker plugin set swarmnfs SWARMNFS_GUARD=${guard} && docker plugin enable swarmnfs`,
    { timeout: 300_000 },
  );
  await on.whole();
}
