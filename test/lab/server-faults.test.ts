// Our NFS server is killed, replaced and unplugged under containers that write; its agent dies in bad moments.
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { runningSince } from "./counter.ts";
import { eventually, say } from "./eventually.ts";
import { StorageNode } from "./storage-node.ts";
import { patience, survives } from "./survives.ts";
import { linesOf, Writer } from "./writer.ts";

const on = labCluster();
const container = "swarmnfs-nfs-server-1";

test("the server's container is killed: apps go on, with their locks, and nothing acknowledged is lost", (t) =>
  survives(t, on, "killed", (storage) =>
    storage.machine.must(`docker kill ${container} && docker start ${container}`, {
      timeout: 120_000,
    }),
  ));

test("the server is upgraded: apps go on, with their locks, and nothing acknowledged is lost", async (t) => {
  const other = "SWARMNFS_VERSION=other";
  on.afterwards(async () => {
    await new StorageNode(on.lab).compose("up --detach");
    await on.lab.storage.run("docker rmi swarmnfs/nfs-server:other");
  });
  await survives(t, on, "upgraded", async ({ machine }) => {
    await machine.must(
      `docker tag swarmnfs/nfs-server:latest swarmnfs/nfs-server:other
      cd /root && ${other} docker compose -f nfs-server.compose.yml up --detach --force-recreate`,
      { timeout: 180_000 },
    );
    const image = await machine.must(`docker inspect --format '{{.Config.Image}}' ${container}`);
    t.is(image, "swarmnfs/nfs-server:other");
  });
});

test("the server's container is restarted while no DNS answers anybody", async (t) => {
  for (const machine of [on.lab.storage, ...on.nodes]) await on.fault(machine, "dns-dead");
  await survives(t, on, "nameless", (storage) => storage.compose("restart --timeout 60"));
});

test("the storage machine loses power while ten containers write: every acknowledged line is there, and they go on", async (t) => {
  t.timeout(1_800_000);
  const storage = new StorageNode(on.lab);
  const writers: { node: Machine; volume: string; writer: Writer; since: string }[] = [];
  const volumes = [await on.volume("ten1"), await on.volume("ten2"), await on.volume("ten3")];
  for (let number = 0; number < 10; number += 1) {
    const node = on.node((number % 3) + 1);
    const volume = volumes[number % 3] ?? "";
    const writer = await Writer.start(on, node, `${volume}-writer${number}`, volume);
    const since = await runningSince(on, node, writer.name);
    writers.push({ node, volume, writer, since });
  }
  for (const { writer } of writers) await writer.beyond(10, patience);

  await on.fault(storage.machine, "power-off");
  const acknowledged = await Promise.all(writers.map(({ writer }) => writer.acknowledged()));
  say(`acknowledged when the power was off: ${acknowledged.join(", ")}`);
  await on.mend(storage.machine);
  for (const [index, { node, writer, since }] of writers.entries()) {
    await writer.beyond((acknowledged[index] ?? 0) + 5, patience);
    t.is(await runningSince(on, node, writer.name), since);
    // What is mounted there is not stale.
    t.is(await on.docker(node, `exec ${writer.name} ls /d/${writer.name}`), `/d/${writer.name}`);
    await writer.stop();
  }
  // All have ended: ten that write leave an emulated machine little time to read.
  for (const { node, volume, writer } of writers) {
    const [pause, last] = [await writer.longestPause(), await writer.acknowledged()];
    // Nor is what is mounted anew.
    const lines = linesOf(await on.says(node, `${volume}-reader`, volume, `cat ${writer.name}`));
    t.true(lines >= last, `${writer.name}: ${lines} lines are there, ${last} were acknowledged`);
    t.log(`${writer.name}: ${last} lines acknowledged, ${lines} there; longest pause ${pause} s`);
  }
});

test("the agent is killed while volumes are in use: nobody notices, and new mounts wait for the next one", async (t) => {
  const storage = new StorageNode(on.lab);
  const volume = await on.volume("agentless");
  const writer = await Writer.start(on, on.node(2), `${volume}-writer`, volume);
  await writer.beyond(10);
  const since = await runningSince(on, on.node(2), writer.name);
  for (let time = 1; time <= 3; time += 1) {
    await storage.killAgent();
    await writer.beyond((await writer.acknowledged()) + 5);
    t.is(await on.says(on.node(3), `${volume}-${time}`, volume, "echo here"), "here");
  }
  t.is(await runningSince(on, on.node(2), writer.name), since);
  t.log(`three agents killed: longest pause of the writer ${await writer.longestPause()} s`);
});

test("the agent is killed while a mount waits for its answer: the next one answers it", async (t) => {
  const [storage, node] = [new StorageNode(on.lab), on.node(2)];
  const volume = await on.volume("waiting");
  const writer = await Writer.start(on, node, `${volume}-writer`, volume);
  await writer.beyond(5);
  const place = `/run/lab/${volume}`;
  on.afterwards(() => node.run(`umount --lazy ${place}`));

  const agent = await storage.agent();
  // It answers nothing any more, and the kernel has to ask for everything anew.
  await storage.machine.must(`kill -STOP ${agent}
    for table in auth.unix.ip nfsd.export nfsd.fh; do date +%s >/proc/net/rpc/$table/flush; done`);
  const mounting = node.run(
    `mkdir -p ${place} && mount -t nfs4 -o vers=4.2,nosharecache ${storage.machine.plan.address}:/${volume} ${place} && ls ${place}`,
    { timeout: 300_000 },
  );
  await eventually(
    async () => (await node.run(`pgrep --full '^/sbin/mount.nfs4 .*${place}'`)).exitCode === 0,
    "the mount is under way",
  );
  const seen: number[] = [];
  await eventually(async () => {
    seen.push(await writer.acknowledged());
    return seen.length > 3 && seen.at(-1) === seen.at(-4);
  }, "the server waits for its agent");
  say(`the writer stands still at ${seen.at(-1)}`);
  t.not((await node.run(`mountpoint -q ${place}`)).exitCode, 0);
  await storage.machine.must(`kill -9 ${agent}`);

  const { exitCode, stdout, stderr } = await mounting;
  t.is(exitCode, 0, stderr);
  t.is(stdout.trim(), writer.name);
  await storage.agentAfter(agent);
  await writer.beyond((await writer.acknowledged()) + 5);
  t.log(`longest pause of the writer ${await writer.longestPause()} s`);
});

test("the agent is killed in the middle of a grant: the node gets the volume all the same, once", async (t) => {
  const [storage, node] = [new StorageNode(on.lab), on.node(2)];
  for (const [round, moment] of ["attach", "lease", "lease", "lease"].entries()) {
    const volume = await on.volume(`grant${round}`);
    const agent = await storage.agent();
    // The lease is written before the kernel is told of it.
    const lease = `/nfs_volumes/.swarmnfs/server/leases/${volume}@`;
    const until = moment === "lease" ? `until set -- ${lease}*; [ -e "$1" ]; do :; done; ` : "";
    const killed = storage.machine.run(`${until}kill -9 ${agent}`, { timeout: 120_000 });
    const first = await on.inContainer(node, `${volume}-1`, volume, "echo here >first; cat first");
    await killed;
    say(`killed at the ${moment}: ${first.exitCode === 0 ? "granted" : first.stderr.trim()}`);
    await storage.agentAfter(agent);
    await eventually(
      async () =>
        (await on.inContainer(node, `${volume}-2`, volume, "echo here >second")).exitCode === 0,
      "the volume can be mounted",
    );
    t.is(await on.says(on.node(3), `${volume}-3`, volume, "cat second"), "here");
    const { leases } = await storage.ask("leases", {}, undefined);
    const nodes = leases.filter((each) => each.volume === volume).map((each) => each.node);
    t.is(new Set(nodes).size, nodes.length);
  }
});
