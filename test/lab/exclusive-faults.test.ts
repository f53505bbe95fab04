// A volume that one node alone may have, whose holder stands still, or is without its plugin for a while; and nodes that
// could be taken for one another.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince } from "./counter.ts";
import { held, locks, nobodyFenced, refusedOn } from "./exclusive-scene.ts";
import { isLocked } from "./flock.ts";
import { StorageNode } from "./storage-node.ts";
import { takenOver } from "./taken-over.ts";

const on = labCluster();

test("the node of an exclusive volume stands still and goes on later: nothing of it arrives any more", (t) =>
  takenOver(t, on, "freeze"));

test("the plugin of the holder is disabled and enabled while another node asks: nobody is fenced", async (t) => {
  const { storage, name, holder, since } = await held(on, "disabled");
  const asked = await storage.now();
  on.afterwards(() => on.attempt(holder, "plugin enable swarmnfs"));
  await on.docker(holder, "plugin disable --force swarmnfs");
  const during = await on.inContainer(on.node(3), `${name}-2`, name, "ls");
  t.regex(during.stderr, /"node2" has it; its plugin is being restarted or upgraded/);
  await countsOn(on, holder, `${name}-1`);
  await on.docker(holder, "plugin enable swarmnfs");
  t.regex(await refusedOn(t, on, on.node(3), name), /is in use on "node2"/);
  await countsOn(on, holder, `${name}-1`);
  t.is(await runningSince(on, holder, `${name}-1`), since);
  await nobodyFenced(t, storage, asked);
});

test("two nodes of one host name keep their locks", async (t) => {
  const [first, second] = [on.node(2), on.node(3)];
  const volume = await on.volume("twins");
  const asked = await new StorageNode(on.lab).now();
  // What was mounted under the old name is another client's.
  const renamed = async (name: string): Promise<void> => {
    await on.attempt(second, "plugin disable --force swarmnfs");
    await second.must(`hostname ${name}`);
    await on.docker(second, "plugin set swarmnfs SWARMNFS_NODE=node3");
    await on.docker(second, "plugin enable swarmnfs");
  };
  on.afterwards(() => renamed(second.name));
  await renamed(first.name);
  await locks(on, first, volume, "first");
  await locks(on, second, volume, "second");
  for (const [node, name] of [
    [first, "first"],
    [second, "second"],
  ] as const)
    await countsOn(on, node, `${volume}-${name}`);
  t.true(await isLocked(on, on.node(1), volume, "lock-first"));
  t.true(await isLocked(on, on.node(1), volume, "lock-second"));
  await nobodyFenced(t, new StorageNode(on.lab), asked);
});
