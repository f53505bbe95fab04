// The storage node attacks itself at its start. On a real kernel it must be refused; and where the kernel is made to show
// too much, which we bring about here, it must notice and serve nobody.
import test, { type ExecutionContext } from "ava";
import { labCluster } from "./cluster.ts";
import { eventually, say } from "./eventually.ts";
import { StorageNode } from "./storage-node.ts";
import { Writer } from "./writer.ts";

const on = labCluster();

/** Exported by its number (0x2000), read-only, without `subtree_check` (0x400): what everybody else's exports are. */
const open = 0x2000 | 0x1 | 0x400;

/** Tells the kernel again and again that the directory of the self-test is exported like that, whoever says otherwise. */
const meddler = `
const { openSync, writeSync, constants } = require("node:fs");
const file = openSync("/proc/net/rpc/nfsd.export/channel", constants.O_RDWR | constants.O_NONBLOCK);
const say = () => {
  const expiry = Math.floor(Date.now() / 1000) + 60;
  try {
    writeSync(file, ".self-test /exports/.self-test-granted " + expiry + " ${open} 65534 65534 2147483646\\n");
  } catch {}
};
setInterval(say, 1);`;

async function proved(t: ExecutionContext, storage: StorageNode): Promise<void> {
  await eventually(
    async () => (await storage.health().catch(() => null))?.selfTest !== undefined,
    "the server tells of its attack on itself",
    120_000,
  );
  const { selfTest } = await storage.health();
  say(`self-test: ${JSON.stringify(selfTest)}`);
  t.like(selfTest, { state: "passed", by: "subtree_check" });
}

test("the server attacks itself at every start, and running clients notice nothing", async (t) => {
  t.timeout(1_200_000);
  const [storage, node] = [new StorageNode(on.lab), on.node(1)];
  await proved(t, storage);
  const volume = await on.volume("untouched");
  const writer = await Writer.start(on, node, `${volume}-writer`, volume);
  await writer.beyond(10);
  // Killed in whatever moment it is, which may be in the middle of the attack.
  for (const afterMs of [0, 300, 600, 900, 1500]) {
    const agent = await storage.agent();
    await storage.machine.must(`kill -9 ${agent}`);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await storage.agent().then(
      (next) => storage.machine.run(`kill -9 ${next}`),
      () => undefined,
    );
    await storage.agentAfter(agent);
    await writer.beyond((await writer.acknowledged()) + 5);
  }
  await proved(t, storage);
  t.log(`ten agents killed: longest pause of the writer ${await writer.longestPause()} s`);
  const left = await storage.machine.must(
    `grep -c self-test /proc/net/rpc/nfsd.export/content /proc/self/mountinfo || true`,
  );
  t.log(left);
});

test("where the kernel shows too much the server serves nobody, and says so", async (t) => {
  t.timeout(1_200_000);
  const [storage, node] = [new StorageNode(on.lab), on.node(1)];
  const volume = await on.volume("closed");
  on.afterwards(() => storage.compose("restart --timeout 60"));
  const since = await storage.now();
  await storage.compose(`exec --detach nfs-server node -e '${meddler.replaceAll("\n", " ")}'`);
  const agent = await storage.agent();
  await storage.machine.must(`kill -9 ${agent}`);
  await eventually(
    async () => (await storage.health().catch(() => null))?.state === "failed",
    "the server's health is critical",
    120_000,
  );
  const { selfTest } = await storage.health();
  say(`self-test: ${JSON.stringify(selfTest)}`);
  t.like(selfTest, { state: "failed" });
  t.regex(JSON.stringify(selfTest), /another directory/);
  t.is(await storage.machine.must("cat /proc/fs/nfsd/threads 2>/dev/null || true"), "0");
  t.regex(await storage.log(since), /apps are not isolated/);
  const { exitCode, stderr } = await on.inContainer(node, `${volume}-reader`, volume, "ls");
  t.not(exitCode, 0);
  t.regex(stderr, /attack on itself|does not answer|refused/);
  say(stderr.trim());

  await storage.compose("restart --timeout 60");
  await proved(t, storage);
  await eventually(
    async () =>
      (await on.inContainer(node, `${volume}-later`, volume, "echo here")).stdout.trim() === "here",
    "volumes can be had again",
    300_000,
  );
});
