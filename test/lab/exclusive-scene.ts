import type { ExecutionContext } from "ava";
import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";
import { canLock } from "./flock.ts";
import { StorageNode } from "./storage-node.ts";

/** The volume option that the cases are about. */
export const exclusive = "access=exclusive";

/** A container on node 2 that has an exclusive volume. */
export async function held(
  on: Cluster,
  word: string,
): Promise<{
  storage: StorageNode;
  name: string;
  holder: Machine;
  since: string;
}> {
  const name = await on.volume(word, exclusive);
  const holder = on.node(2);
  await startCounter(on, holder, `${name}-1`, name);
  await countsOn(on, holder, `${name}-1`);
  const since = await runningSince(on, holder, `${name}-1`);
  return { storage: new StorageNode(on.lab), name, holder, since };
}

/** A container that counts and holds the lock of a file. */
export async function locks(
  on: Cluster,
  node: Machine,
  volume: string,
  name: string,
): Promise<void> {
  const script = `set -e; exec 9>/d/lock-${name}; flock -n 9; n=0; while :; do n=$((n+1)); echo $n >&9; echo $n >/d/${volume}-${name}; sleep 1; done`;
  await on.container(node, `${volume}-${name}`, volume, script, canLock);
  await countsOn(on, node, `${volume}-${name}`);
}

/** Waits until a container that wants the volume on a node is told who has it; returns the words. It never gets it. */
export function refusedOn(
  t: ExecutionContext,
  on: Cluster,
  node: Machine,
  volume: string,
): Promise<string> {
  return eventually(async () => {
    const asked = await on.inContainer(node, `${volume}-2`, volume, "echo mine >stolen");
    t.not(asked.exitCode, 0);
    return asked.stderr.includes("is in use on") && asked.stderr;
  }, `${node.name} is told who has ${volume}`);
}

/** Since then, by the clock of the storage machine. */
export async function nobodyFenced(
  t: ExecutionContext,
  storage: StorageNode,
  since: string,
): Promise<void> {
  t.deepEqual(await storage.audit(since, "fence"), []);
}

/** By our own clock, to a tenth. */
export function secondsSince(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10;
}
