import test from "ava";
import { nodeFindings } from "../../plugin/node-findings.ts";
import type { UseRecord } from "../../storage/records/use.ts";

const here = { id: "7b0c1a52-0000-4000-8000-000000000001", name: "node1" };

function sign(node: string, last: number): UseRecord {
  const nodeId = `7b0c1a52-0000-4000-8000-00000000000${last}`;
  const now = "2026-03-01T09:14:02Z";
  return { schema: 1, node, nodeId, since: now, seenAt: now, consumers: [] };
}

test("of nodes that have different names only this one's is said", (t) => {
  const uses = [sign("node1", 1), sign("node2", 2), sign("node2", 2)];
  t.deepEqual(nodeFindings(here, uses), [{ level: "ok", title: 'this node is "node1"' }]);
});

test("another node of this one's name is told of, in whatever case it writes it", (t) => {
  const [finding, ...more] = nodeFindings(here, [sign("NODE1", 2)]);
  t.like(finding, { level: "warning", title: 'two nodes call themselves "node1"' });
  t.regex(finding?.advice ?? "", /Set SWARMNFS_NODE on one of them/);
  t.deepEqual(more, []);
});

test("two other nodes of one name are told of, too", (t) => {
  const uses = [sign("clone", 2), sign("clone", 3), sign("clone", 4)];
  t.deepEqual(
    nodeFindings(here, uses).map(({ level, title }) => [level, title]),
    [
      ["ok", 'this node is "node1"'],
      ["warning", '3 nodes call themselves "clone"'],
    ],
  );
});
