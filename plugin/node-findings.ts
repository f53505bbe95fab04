import type { UseRecord } from "../storage/records/use.ts";
import type { NodeIdentity } from "../storage/storage.ts";
import type { Finding } from "../storage/verbs.ts";

/**
 * What `swarmnfs doctor` says of the nodes' names. `uses` are the signs of use on the storage: each node that has a
 * volume mounted shows its name and its id there, so that two nodes of one name are seen from every node.
 */
export function nodeFindings({ id, name }: NodeIdentity, uses: readonly UseRecord[]): Finding[] {
  const nodes = [{ node: name, nodeId: id }, ...uses];
  const byName = Map.groupBy(nodes, ({ node }) => node.toLowerCase());
  const doubles = [...byName.values()].flatMap((same) => {
    const ids = new Set(same.map(({ nodeId }) => nodeId));
    const [first] = same;
    return ids.size > 1 && first !== undefined ? [{ called: first.node, count: ids.size }] : [];
  });
  const isDouble = doubles.some(({ called }) => called === name);
  return [
    ...(isDouble ? [] : [{ level: "ok" as const, title: `this node is "${name}"` }]),
    ...doubles.map(({ called, count }) => ({
      level: "warning" as const,
      title: `${count === 2 ? "two" : String(count)} nodes call themselves "${called}"`,
      advice:
        "Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set swarmnfs SWARMNFS_NODE=NAME",
    })),
  ];
}
