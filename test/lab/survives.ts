import type { ExecutionContext } from "ava";
import type { Cluster } from "./cluster.ts";
import { runningSince } from "./counter.ts";
import { canLock, isLocked } from "./flock.ts";
import { StorageNode } from "./storage-node.ts";
import { linesOf, Writer } from "./writer.ts";

/** Generous: a server that knows its clients goes on at once, one that does not waits 90 s for them. */
export const patience = 420_000;

/** Containers on two nodes write and hold a lock while the server goes away and comes back. */
export async function survives(
  t: ExecutionContext,
  on: Cluster,
  word: string,
  goAway: (storage: StorageNode) => Promise<unknown>,
): Promise<void> {
  t.timeout(1_200_000);
  const storage = new StorageNode(on.lab);
  const volume = await on.volume(word);
  const nodes = [on.node(2), on.node(3)];
  const writers = await Promise.all(
    nodes.map((node) => Writer.start(on, node, `${volume}-${node.name}`, volume)),
  );
  await on.container(
    nodes[0] ?? on.leader,
    `${volume}-lock`,
    volume,
    "exec flock /d/lock sleep 1000000",
    canLock,
  );
  for (const writer of writers) await writer.beyond(10);
  const since = await runningSince(on, on.node(2), `${volume}-${on.node(2).name}`);

  await goAway(storage);
  for (const writer of writers) await writer.beyond((await writer.acknowledged()) + 10, patience);
  t.is(await runningSince(on, on.node(2), `${volume}-${on.node(2).name}`), since);
  t.true(await isLocked(on, on.node(3), volume, "lock"));
  for (const [index, writer] of writers.entries()) {
    const pause = await writer.longestPause();
    await writer.stop();
    const last = await writer.acknowledged();
    const node = nodes[index] ?? on.leader;
    const lines = linesOf(await on.says(node, `${volume}-reader`, volume, `cat ${writer.name}`));
    t.true(lines >= last, `${lines} lines are there, ${last} were acknowledged`);
    t.log(`${word}: ${last} lines acknowledged, ${lines} there; longest pause ${pause} s`);
  }
}
