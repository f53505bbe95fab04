// The name of the NAS: it cannot be looked up, or it means another address.
import test, { type ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { timed } from "./stopwatch.ts";

const on = labCluster();

test("the DNS is dead: a node that knew the NAS goes on, one that never did says why not, and heals by itself", async (t) => {
  const node = on.node(1);
  const name = await on.volume("nameless");
  await startCounter(on, node, `${name}-counter`, name);
  await countsOn(on, node, `${name}-counter`);
  const since = await runningSince(on, node, `${name}-counter`);

  await on.fault(node, "dns-dead");
  await restartPlugin(node);
  await works(t, node, `${name}-1`, name, "a plugin that starts anew remembers the address");

  await node.must("rm /var/lib/swarmnfs/server-addresses.json");
  await restartPlugin(node);
  await eventually(async () => {
    const { exitCode, stderr } = await timed(t, "a container where nobody remembers", () =>
      on.inContainer(node, `${name}-2`, name, "ls"),
    );
    return exitCode !== 0 && /the name nas\.lan cannot be resolved/.test(stderr);
  }, "the reason is told");
  await countsOn(on, node, `${name}-counter`);

  await on.mend(node);
  await works(t, node, `${name}-3`, name, "a container starts when the DNS is back");
  t.is(await runningSince(on, node, `${name}-counter`), since);
});

test("the NAS gets another address behind its name: new containers find it there, and running ones go on", async (t) => {
  const node = on.node(1);
  const name = await on.volume("moved");
  const used = await on.volume("used");
  await startCounter(on, node, `${used}-counter`, used);
  await countsOn(on, node, `${used}-counter`);
  const since = await runningSince(on, node, `${used}-counter`);

  await on.fault(on.nas, "address-changed");
  await works(t, node, `${name}-1`, name, "a container finds the NAS at its new address");
  t.is(await on.says(node, `${used}-1`, used, "ls"), `${used}-counter`);
  await countsOn(on, node, `${used}-counter`);
  t.is(await runningSince(on, node, `${used}-counter`), since);

  await on.mend(on.nas);
  await works(t, node, `${name}-2`, name, "a container finds the NAS where it was before");
});

/** Kills the plugin's process, and waits until Docker has started another. */
async function restartPlugin(node: Machine): Promise<void> {
  const find = "pgrep --oldest --full '/app/entry.mjs$'";
  const pid = await node.must(find);
  await node.must(`kill -9 ${pid}`);
  await eventually(async () => {
    const { exitCode, stdout } = await node.run(find);
    return exitCode === 0 && stdout.trim() !== pid;
  }, "another process of the plugin runs");
}

/** Waits until a new container can write to the volume, and shows what its users are told until then. */
async function works(
  t: ExecutionContext,
  node: Machine,
  container: string,
  volume: string,
  what: string,
): Promise<void> {
  await eventually(async () => {
    const script = `echo fine >${container}; cat ${container}`;
    const run = await timed(t, what, () => on.inContainer(node, container, volume, script));
    return run.stdout === "fine\n";
  }, what);
}
