// The NAS is there and does not answer: whoever does not need it does not wait for it, and whoever does is told.
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { startAtOnce } from "./start-at-once.ts";
import { clockOf, timed, untilPassed, type Timed } from "./stopwatch.ts";

const on = labCluster();

test("the NAS is cut off for three minutes: nobody else waits for it, new containers are told, everything goes on afterwards", async (t) => {
  const node = on.node(1);
  const name = await on.volume("cut");
  const other = on.name("local");
  on.afterwards(() => on.attempt(node, `volume rm --force ${other}`));
  await on.docker(node, `volume create ${other}`);
  await startCounter(on, node, `${name}-counter`, name);
  await countsOn(on, node, `${name}-counter`);
  const since = await runningSince(on, node, `${name}-counter`);
  await unrelatedWork(t, node, other, "while all is well");

  const cutAt = await clockOf(node);
  await on.fault(on.nas, "cut");
  const first = refusal(t, node, `${name}-first`, name, "a container on the dead volume, at first");
  await unrelatedWork(t, node, other, "while the first container waits");
  isTold(t, name, await first);
  const flags = "run --detach --network none --restart always --name";
  const kept = await on.attempt(
    node,
    `${flags} ${name}-kept --volume ${name}:/d busybox sleep 3600`,
  );
  t.regex(kept.stderr, refused(name));
  await untilPassed(node, cutAt, 180);
  isTold(t, name, await refusal(t, node, `${name}-last`, name, "another, after three minutes"));
  await unrelatedWork(t, node, other, "after three minutes");

  await on.mend(on.nas);
  await countsOn(on, node, `${name}-counter`);
  t.is(await runningSince(on, node, `${name}-counter`), since);
  await eventually(
    async () => (await runningSince(on, node, `${name}-kept`)).startsWith("true"),
    "the container that restarts always runs",
  );
  t.is(await on.says(node, `${name}-new`, name, "ls"), `${name}-counter`);
});

test("twenty containers start at once on a volume that is dead: all are told, by one attempt", async (t) => {
  const node = on.node(1);
  const name = await on.volume("crowd");
  const containers = Array.from({ length: 20 }, (_, index) => `${name}-${index + 1}`);
  for (const each of containers)
    await on.docker(node, `create --network none --name ${each} --volume ${name}:/d busybox true`);
  await on.fault(on.nas, "cut");
  const starts = await startAtOnce(node, containers);
  const times = starts.map(({ seconds }) => seconds);
  t.log(`${Math.min(...times)} to ${Math.max(...times)} s; the first of them: ${starts[0]?.words}`);
  for (const { status, words } of starts) {
    t.is(status, 500);
    t.regex(words, refused(name));
  }
  t.true((await longAttempts(node, name)).length <= 1);

  await on.mend(on.nas);
  await eventually(
    async () => (await on.attempt(node, `start ${containers[0]}`)).exitCode === 0,
    "one of them can be started",
  );
});

test("the NAS stands still in the middle of a mount: the container is told, and the next one starts when it goes on", async (t) => {
  const node = on.node(1);
  const name = await on.volume("frozen");
  // So that a mount takes long enough to be caught.
  on.afterwards(() => on.nas.run("tc qdisc del dev eth0 root", { timeout: 30_000 }));
  await on.nas.must("tc qdisc replace dev eth0 root netem delay 50ms");
  const told = refusal(t, node, `${name}-first`, name, "a container whose mount was under way");
  const mounting = "pgrep --exact mount.nfs4";
  await node.must(`until ${mounting}; do sleep 0.02; done`, { timeout: 120_000 });
  await on.fault(on.nas, "freeze");
  await node.must(mounting, { timeout: 60_000 });
  isTold(t, name, await told);

  await on.mend(on.nas);
  await eventually(
    async () =>
      (await on.inContainer(node, `${name}-next`, name, "touch file; ls")).stdout === "file\n",
    "the next container starts",
  );
  t.is((await node.run(mounting)).stdout, "");
});

/**
 * Milliseconds of those attempts to mount the volume that tried anything. Once the storage is known to be dead (the plugin
 * looks at it now and then, so that may have been before) everyone is refused at once.
 */
async function longAttempts(node: Machine, volume: string): Promise<number[]> {
  const log = await node.must("grep -F 'could not be mounted' /var/log/lab/dockerd.log");
  const lines = log.split("\n").filter((line) => line.includes(`${volume}\\"`));
  const times = lines.map((line) => Number(/ms\\":(\d+)/.exec(line)?.[1]));
  return times.filter((ms) => !(ms < 1000));
}

/** What has nothing to do with the NAS: it must work; how long it takes is shown. */
async function unrelatedWork(
  t: ExecutionContext,
  node: Machine,
  volume: string,
  when: string,
): Promise<void> {
  const run = `run --rm --network none --volume ${volume}:/d busybox touch /d/file`;
  for (const line of ["volume ls", `volume inspect ${volume}`, "ps", run]) {
    const command = line.replaceAll(/ --(rm|network none)/g, "");
    const { exitCode } = await timed(t, `docker ${command}, ${when}`, () => on.attempt(node, line));
    t.is(exitCode, 0);
  }
}

function refusal(
  t: ExecutionContext,
  node: Machine,
  container: string,
  volume: string,
  what: string,
): Promise<Timed> {
  return timed(t, what, () => on.inContainer(node, container, volume, "ls"));
}

/** It failed by our words; after 30 s Docker would have spoken instead. */
function isTold(t: ExecutionContext, volume: string, { exitCode, stderr }: Timed): void {
  t.not(exitCode, 0);
  t.regex(stderr, refused(volume));
}

function refused(volume: string): RegExp {
  return new RegExp(`swarmnfs: .{0,3}"${volume}.{0,3}" cannot be mounted on node1: .*nas\\.lan`);
}
