// The NAS never comes back: what people do to get rid of it must work.
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { clockOf, timed } from "./stopwatch.ts";

const on = labCluster();

test("the NAS is gone for good: containers can be removed, dockerd restarts as always, volumes are listed", async (t) => {
  const node = on.node(1);
  const name = await on.volume("gone");
  const containers = [1, 2].map((n) => `${name}-${n}`);
  for (const each of containers) await startCounter(on, node, each, name, "--restart always");
  for (const each of containers) await countsOn(on, node, each);
  await restartDocker(t, node, "with the NAS");
  for (const each of containers) await countsOn(on, node, each);

  await on.fault(on.nas, "power-off");
  const [first = "", second = ""] = containers;
  t.is((await timed(t, "docker rm", () => on.attempt(node, `rm --force ${first}`))).exitCode, 0);
  await restartDocker(t, node, "without it");
  const format = "--format {{.Name}}";
  const { stdout } = await timed(t, "docker volume ls", () =>
    on.attempt(node, `volume ls --filter name=${name} ${format}`),
  );
  t.is(stdout.trim(), name);
  t.is((await timed(t, "docker rm", () => on.attempt(node, `rm --force ${second}`))).exitCode, 0);
  const removal = await timed(t, "docker volume rm", () => on.attempt(node, `volume rm ${name}`));
  t.regex(removal.stderr, /swarmnfs: .*nas\.lan/);
  t.is(await on.docker(node, `ps --all --quiet --filter name=${name}`), "");

  await on.mend(on.nas);
  await eventually(
    async () => (await on.inContainer(node, `${name}-new`, name, "ls")).stdout.includes(second),
    "a new container finds the data when the NAS is back after all",
  );
});

/** Ends dockerd as systemd does, and waits until the next one answers; shows what it took by the node's clock. */
async function restartDocker(t: ExecutionContext, node: Machine, how: string): Promise<void> {
  const began = await clockOf(node);
  const pid = await node.must("cat /run/docker.pid");
  await node.must(`kill ${pid}; while [ -d /proc/${pid} ]; do sleep 0.1; done`, {
    timeout: 180_000,
  });
  const ended = await clockOf(node);
  await eventually(async () => await node.isReady(), "dockerd answers again");
  const ready = await clockOf(node);
  t.log(
    `${seconds(began, ready)}  dockerd restarted ${how}: ${seconds(began, ended)} to end, ${seconds(ended, ready)} to start`,
  );
}

function seconds(from: number, to: number): string {
  return `${(to - from).toFixed(1)} s`;
}
