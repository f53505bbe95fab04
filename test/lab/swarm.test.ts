// What a swarm is for: volumes that every node sees.
import test from "ava";
import { labCluster } from "./cluster.ts";

const on = labCluster();

test("a file that a task wrote on one node is read by a task on another", async (t) => {
  const name = on.name("shared");
  const script = "touch /d/$(hostname); exec sleep 3600";
  await on.service(name, script, "--replicas 2 --replicas-max-per-node 1");
  const nodes = await on.running(name, 2);
  t.is(new Set(nodes).size, 2);
  for (const node of nodes)
    t.is(
      await on.says(on.lab.machine(node), `${name}-reader`, name, "ls"),
      nodes.toSorted().join("\n"),
    );
});
