// The same on our own storage node: nodes hear of it over the long poll by which they renew their leases.
import test, { type ExecutionContext } from "ava";
import { AgentUnderTest } from "../../nfs-server/agent-under-test.ts";
import { SwarmnfsNode } from "../swarmnfs-node.ts";
import { until } from "../until.ts";
import { examineFrom, post, swarmNode, wrongWith } from "./cluster-under-test.ts";

async function swarm(
  t: ExecutionContext,
  answersMs: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ one: SwarmnfsNode; two: SwarmnfsNode }> {
  const agent = await AgentUnderTest.start(t, environment);
  const clusterPatience = { answersMs, leastMs: answersMs, everyMs: 50 };
  const one = await SwarmnfsNode.start(t, agent, "node1", 15, { clusterPatience });
  const two = await SwarmnfsNode.start(t, agent, "node2");
  one.plugin.engine.swarmNode = "id-node1";
  two.plugin.engine.swarmNode = "id-node2";
  one.plugin.engine.nodes = [swarmNode("node1"), swarmNode("node2")];
  return { one, two };
}

test.serial("nodes that rest hear of it at once, get a lease, and give it back", async (t) => {
  const { one, two } = await swarm(t, 60_000);
  const report = await examineFrom(one.plugin);
  t.deepEqual(
    report.nodes.map(({ node }) => [node, wrongWith(report, node)]),
    [
      ["node1", []],
      ["node2", []],
    ],
  );
  t.deepEqual(report.findings.slice(0, 2), [
    { level: "ok", title: "2 nodes are in the swarm, 2 of them ready" },
    { level: "ok", title: "1 of 1 other nodes read what this node wrote through a volume" },
  ]);
  t.deepEqual([...one.mounted, ...two.mounted], []);
  t.deepEqual(await post(one.plugin, "Leases", {}), { leases: [], statics: [] });
  t.deepEqual(await post(one.plugin, "Trash", {}), { entries: [] });
  await until("nobody knows the volume any more", async () => {
    await two.plugin.looked();
    return ((await two.plugin.docker.call("List")).Volumes ?? []).length === 0;
  });
});

test.serial(
  "a node of which nothing is heard is named, and what a strict server refuses is said",
  async (t) => {
    const { one, two } = await swarm(t, 3000, { SWARMNFS_STRICT: "on", SWARMNFS_APPS: "blog" });
    await two.plugin.crash();
    const report = await examineFrom(one.plugin);
    t.regex(wrongWith(report, "node2")[0] ?? "", /^it did not answer within/);
    const problem = report.findings.find(({ level }) => level === "problem");
    t.is(problem?.title, "this node cannot write through a volume, so nobody could read it");
    t.regex(problem?.advice ?? "", /shared/);
  },
);

test.serial("what nodes say is for the one that asked, and in nobody else's name", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const [one, two] = [await agent.join("node1"), await agent.join("node2")];
  const id = "018f0000-0000-7000-8000-000000000009";
  const at = "2026-03-01T00:00:00Z";
  const call = { schema: 1, id, version: "1", volume: null, token: "x", calledAt: at } as const;
  await one.call("callRoll", {}, call);
  const said = {
    schema: 1,
    swarmNode: null,
    version: "1",
    at,
    findings: [],
    scratch: null,
  } as const;
  const forged = { ...said, findings: [], node: "node1", nodeId: one.id };
  await two.call("answerRoll", { id }, forged);
  const { answers } = await one.call("rollAnswers", { id }, undefined);
  t.deepEqual(
    answers.map(({ node, nodeId }) => [node, nodeId]),
    [["node2", two.id]],
  );
  await t.throwsAsync(two.call("rollAnswers", { id }, undefined), { code: "denied" });
  await t.throwsAsync(two.call("endRoll", { id }, undefined), { code: "denied" });
  await one.call("endRoll", { id }, undefined);
  await t.throwsAsync(two.call("answerRoll", { id }, forged), { code: "not-found" });
});
