import type { UseRecord } from "../records/use.ts";
import type { VolumeRecord } from "../records/volume.ts";
import type { EnrolledNode } from "../swarmnfs/protocol/node.ts";
import type { NodeView } from "../verbs.ts";

/**
 * The nodes that are known, by name: those that have joined, and without such (null) those that have something mounted. Pure.
 */
export function nodesOf(
  enrolled: readonly EnrolledNode[] | null,
  volumes: readonly Pick<VolumeRecord, "name">[],
  catalog: { uses(volume: string): readonly UseRecord[] },
): readonly NodeView[] {
  const signs = volumes.flatMap(({ name }) => catalog.uses(name).map((use) => ({ name, use })));
  const byNode = Map.groupBy(signs, ({ use }) => use.nodeId);
  const mounted = (id: string): string[] =>
    (byNode.get(id) ?? []).map(({ name }) => name).toSorted();
  const nodes =
    enrolled?.map((node): NodeView => ({
      id: node.id,
      name: node.name,
      seenAt: node.seenAt,
      volumes: mounted(node.id),
      enrolled: node,
    })) ??
    [...byNode].map(([id, own]): NodeView => ({
      id,
      name: own[0]?.use.node ?? id,
      seenAt:
        own
          .map(({ use }) => use.seenAt)
          .toSorted()
          .at(-1) ?? null,
      volumes: mounted(id),
      enrolled: null,
    }));
  return nodes.toSorted((a, b) => a.name.localeCompare(b.name));
}
