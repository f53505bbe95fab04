import test from "ava";
import { AgentUnderTest, type JoinedNode } from "../agent-under-test.ts";

async function attach(node: JoinedNode, name: string): Promise<unknown> {
  return node.call("attach", { name }, { id: null, consumers: ["service blog_web"] });
}

function create(node: JoinedNode, name: string, options: Record<string, string>) {
  return node.call("createVolume", {}, { name, options, defaults: {} });
}

test("a node that an app is no longer for loses its volumes at once, others keep theirs", async (t) => {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  await create(node1, "a", { app: "blog" });
  await create(node1, "b", { app: "blog" });
  await create(node1, "c", { app: "shop" });
  for (const name of ["a", "b", "c"]) await attach(node2, name);
  await attach(node1, "a");
  await agent.admin("changeApp", { name: "blog" }, { hosts: ["node1"] });
  t.deepEqual(
    ["a", "b", "c"].map((name) => agent.shown(node2, name) !== null),
    [false, false, true],
  );
  t.not(agent.shown(node1, "a"), null);
  await t.throwsAsync(attach(node2, "a"), { code: "denied", message: /is for node1/ });
  const ends = agent.lines.filter(({ audit }) => audit === "lease-ended");
  t.deepEqual(
    ends.map(({ volume, node, because }) => [volume, node, because]),
    ["a", "b"].map((volume) => [volume, "node2", 'app "blog" is for node1 now']),
  );
});

test("a volume that becomes narrower than its app takes itself away from the others alone", async (t) => {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  for (const name of ["a", "b"]) {
    await create(node1, name, { app: "blog" });
    await attach(node2, name);
  }
  await agent.admin("changeVolume", { name: "a" }, { hosts: ["NODE1"] });
  t.is(agent.shown(node2, "a"), null);
  t.not(agent.shown(node2, "b"), null);
  await agent.admin("changeVolume", { name: "a" }, { hosts: null });
  await attach(node2, "a");
  t.not(agent.shown(node2, "a"), null, "the app's rule holds again");
});

test("an exclusive volume in use keeps its app from becoming narrower", async (t) => {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const node1 = await agent.join("node1");
  await create(node1, "db", { app: "shop", access: "exclusive" });
  await attach(node1, "db");
  await t.throwsAsync(agent.admin("changeApp", { name: "shop" }, { hosts: ["node2"] }), {
    code: "in-use",
    message: /"db" is used by one node alone, and "node1" has it .* Nothing was changed$/,
  });
  t.deepEqual((await node1.call("app", { name: "shop" }, undefined)).hosts, ["*"]);
  t.not(agent.shown(node1, "db"), null);
});

test("an app that is declared narrower is so after the restart, for what was mounted as well", async (t) => {
  const environment: Record<string, string> = {};
  const agent = await AgentUnderTest.start(t, environment, 100);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  await create(node1, "a", { app: "blog" });
  for (const node of [node1, node2]) await attach(node, "a");
  environment["SWARMNFS_APPS"] = "blog:hosts=node1";
  await agent.restart();
  t.not(agent.shown(node1, "a"), null);
  t.is(agent.shown(node2, "a"), null);
});
