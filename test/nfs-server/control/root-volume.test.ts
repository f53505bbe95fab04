import test from "ava";
import { AgentUnderTest, type JoinedNode } from "../agent-under-test.ts";

function create(node: JoinedNode, name: string, options: Record<string, string>) {
  return node.call("createVolume", {}, { name, options, defaults: {} });
}

function attach(node: JoinedNode, name: string) {
  return node.call("attach", { name }, { id: null, consumers: [] });
}

test("the whole storage is for the nodes that the server names, read-only unless asked", async (t) => {
  const agent = await AgentUnderTest.start(t, { SWARMNFS_ROOT_NODES: "Keeper" });
  const [keeper, node1] = [await agent.join("keeper"), await agent.join("node1")];
  const denied = { code: "denied", message: /SWARMNFS_ROOT_NODES: Keeper\); this is node "node1"/ };
  await t.throwsAsync(create(node1, "all", { root: "true" }), denied);
  const record = await create(keeper, "all", { root: "true" });
  t.is(record.access, "readonly");
  const { lease, path } = await attach(keeper, "all");
  t.like({ path, mode: lease.mode }, { path: "/all", mode: "ro" });
  await t.throwsAsync(attach(node1, "all"), denied);
  t.is(agent.shown(node1, "all"), null);
  await create(keeper, "more", { root: "true", access: "shared" });
  t.is((await attach(keeper, "more")).lease.mode, "rw");
});

test("a server that names nobody gives it to nobody, also not to administrators' nodes", async (t) => {
  const agent = await AgentUnderTest.start(t, { SWARMNFS_ADMIN_NODES: "boss" });
  const boss = await agent.join("boss");
  await t.throwsAsync(create(boss, "all", { root: "true" }), {
    code: "denied",
    message: /SWARMNFS_ROOT_NODES: none\)/,
  });
});

test("a node that is not named any more has it no more after the restart", async (t) => {
  const environment: Record<string, string> = { SWARMNFS_ROOT_NODES: "keeper" };
  const agent = await AgentUnderTest.start(t, environment);
  const keeper = await agent.join("keeper");
  await create(keeper, "all", { root: "true" });
  await attach(keeper, "all");
  delete environment["SWARMNFS_ROOT_NODES"];
  await agent.restart();
  t.is(agent.shown(keeper, "all"), null);
});

test("removing it forgets the record and touches nothing else", async (t) => {
  const agent = await AgentUnderTest.start(t, { SWARMNFS_ROOT_NODES: "keeper" });
  const keeper = await agent.join("keeper");
  await create(keeper, "all", { root: "true" });
  await create(keeper, "v", {});
  t.deepEqual(await keeper.call("removeVolume", { name: "all" }, undefined), { kind: "forgotten" });
  t.is((await attach(keeper, "v")).path, "/v");
});
