// Rules that become narrower while a node of a storage node has something mounted.
import test from "ava";
import { AgentUnderTest } from "../nfs-server/agent-under-test.ts";
import { SwarmnfsNode } from "./swarmnfs-node.ts";
import { until } from "./until.ts";

const patienceMs = 60_000;

test("a node that its app is not for any more unmounts at once, and its containers are refused", async (t) => {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const node1 = await SwarmnfsNode.start(t, agent, "node1");
  const node2 = await SwarmnfsNode.start(t, agent, "node2");
  for (const [index, { docker }] of [node1, node2].entries())
    await docker.run({ name: `blog-${index}`, volumes: ["v"] });
  await agent.admin("changeApp", { name: "crowd" }, { hosts: ["node1"] });
  t.is(agent.shown(node2, "v"), null, "the kernel shows it no more before the answer");
  await until("it is unmounted", () => node2.mounted.length === 0, patienceMs);
  t.true(node2.plugin.lines.some(({ audit, volume }) => audit === "lost" && volume === "v"));
  const error = await t.throwsAsync(node2.docker.run({ name: "blog-9", volumes: ["v"] }));
  t.regex(error?.message ?? "", /node1.*this is node "node2"/);
  t.deepEqual(node1.mounted, ["v"]);
  t.not(agent.shown(node1, "v"), null);
});
