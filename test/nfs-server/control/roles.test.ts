import test, { type ExecutionContext } from "ava";
import type { Route } from "../../../storage/swarmnfs/protocol/route.ts";
import { routes } from "../../../storage/swarmnfs/protocol/routes.ts";
import { AgentUnderTest, type JoinedNode } from "../agent-under-test.ts";

const since = "2026-03-01T12:00:00Z";

/** `node1`, for which alone the volume "mine" of app "blog" is, and the node on which backups are made. */
async function world(
  t: ExecutionContext,
): Promise<{ agent: AgentUnderTest; node1: JoinedNode; backup: JoinedNode }> {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const node1 = await agent.join("node1");
  const backup = await agent.join("keeper", undefined, "backup");
  await create(node1, "mine", { app: "blog", hosts: "node1" });
  return { agent, node1, backup };
}

function create(node: JoinedNode, name: string, options: Record<string, string>) {
  return node.call("createVolume", {}, { name, options, defaults: {} });
}

function attach(node: JoinedNode, name: string) {
  return node.call("attach", { name }, { id: null, consumers: [] });
}

test("what a node is by its token it stays, over restarts and new certificates", async (t) => {
  const { agent } = await world(t);
  const roles = async (): Promise<string[]> =>
    (await agent.admin("nodes", {}, undefined)).nodes.map(({ name, role }) => `${name} ${role}`);
  t.deepEqual(await roles(), ["keeper backup", "node1 node"]);
  await agent.restart();
  t.deepEqual(await roles(), ["keeper backup", "node1 node"]);
});

test("backups see and read every volume, wherever it may be mounted", async (t) => {
  const { agent, node1, backup } = await world(t);
  const { catalog } = await backup.call("catalog", {}, { seen: null });
  t.deepEqual(
    catalog?.volumes.map(({ name }) => name),
    ["mine"],
  );
  t.is((await backup.call("volume", { name: "mine" }, undefined)).app, "blog");
  t.deepEqual((await backup.call("app", { name: "blog" }, undefined)).hosts, ["node1"]);
  const { lease, options } = await attach(backup, "mine");
  t.is(lease.mode, "ro");
  t.true(options.includes("ro"));
  t.like(agent.shown(backup, "mine"), { readOnly: true });
  await attach(node1, "mine");
  t.like(agent.shown(node1, "mine"), { readOnly: false });
});

test("what is read for a backup stays read-only, whatever changes, and over a restart", async (t) => {
  const { agent, backup } = await world(t);
  await attach(backup, "mine");
  await agent.admin("changeVolume", { name: "mine" }, { access: "readonly" });
  await agent.admin("changeVolume", { name: "mine" }, { access: "shared" });
  t.like(agent.shown(backup, "mine"), { readOnly: true });
  await agent.admin("changeApp", { name: "blog" }, { hosts: ["node1", "node2"] });
  t.like(agent.shown(backup, "mine"), { readOnly: true }, "it had it as a reader");
  await agent.restart();
  t.like(agent.shown(backup, "mine"), { readOnly: true });
});

test("a volume that is for the backup's node as well it has as any other node; when it is not any more, it reads", async (t) => {
  const { agent, node1, backup } = await world(t);
  await create(node1, "ours", { app: "shop" });
  t.is((await attach(backup, "ours")).lease.mode, "rw");
  await agent.admin("changeApp", { name: "shop" }, { hosts: ["node1"] });
  t.is(agent.shown(backup, "ours"), null);
  t.is((await attach(backup, "ours")).lease.mode, "ro");
});

test("a backup neither takes an exclusive volume from its holder nor keeps others from it when it is done", async (t) => {
  const { node1, backup } = await world(t);
  await create(node1, "db", { app: "shop", access: "exclusive", hosts: "node1" });
  await attach(node1, "db");
  await t.throwsAsync(attach(backup, "db"), { code: "in-use" });
  await node1.call("detach", { name: "db" }, {});
  t.like((await attach(backup, "db")).lease, { mode: "ro", exclusive: false });
  await backup.call("detach", { name: "db" }, {});
  t.true((await attach(node1, "db")).lease.exclusive);
});

test("backups make copies of every volume, and no volumes in apps that are for others; they change no rules", async (t) => {
  const { node1, backup } = await world(t);
  const copy = await create(backup, "copy", { from: "mine" });
  t.is(copy.app, "blog");
  const denied = { code: "denied" };
  await t.throwsAsync(create(backup, "new", { app: "blog" }), denied);
  const owner = { kind: "stack" as const, name: "evil", since };
  await t.throwsAsync(backup.call("claimApp", { name: "blog" }, owner), denied);
  await t.throwsAsync(backup.call("removeVolume", { name: "mine" }, undefined), denied);
  t.is((await node1.call("volume", { name: "mine" }, undefined)).state, "ready");
});

test("of each route it is said whom it is for, and nobody else gets through", async (t) => {
  const { agent, node1, backup } = await world(t);
  const id = "01953f5e-0000-7000-8000-000000000000";
  const calls = {
    changeVolume: (node) => node.call("changeVolume", { name: "mine" }, { hosts: null }),
    changeApp: (node) => node.call("changeApp", { name: "blog" }, { hosts: ["*"] }),
    revokeLease: (node) => node.call("revokeLease", { id }, undefined),
    undelete: (node) => node.call("undelete", {}, { entry: "x", as: null }),
    adoptVolume: (node) => node.call("adoptVolume", {}, { path: "x", name: "x", options: {} }),
    examine: (node) => node.call("examine", {}, { path: "x" }),
    purge: (node) => node.call("purge", {}, { entries: ["x"] }),
    token: (node) =>
      node.call("token", {}, { node: "n", cidr: null, validMs: 60_000, replace: true }),
    revokeNode: (node) => node.call("revokeNode", { id }, undefined),
    config: (node) => node.call("config", {}, undefined),
    unfenceNode: (node) => node.call("unfenceNode", { id }, {}),
  } satisfies Record<string, (node: JoinedNode) => Promise<unknown>>;
  const forAdmins = Object.entries<Route>(routes)
    .filter(([, { who }]) => who !== "anyone" && !who.includes("node"))
    .map(([name]) => name);
  t.deepEqual(Object.keys(calls).toSorted(), forAdmins.toSorted(), "every route of administrators");
  for (const [name, call] of Object.entries(calls))
    for (const node of [node1, backup])
      await t.throwsAsync(call(node), { code: "denied", message: /may not do that/ }, name);
  t.deepEqual((await agent.admin("app", { name: "blog" }, undefined)).hosts, ["node1"]);
});

test("nodes that are named in SWARMNFS_ADMIN_NODES change rules, purge and revoke; they mount by the rules", async (t) => {
  const agent = await AgentUnderTest.start(t, { SWARMNFS_ADMIN_NODES: "boss" }, 100);
  const [boss, node1] = [await agent.join("boss"), await agent.join("node1")];
  await create(node1, "mine", { app: "blog", hosts: "node1" });
  const lease = await attach(node1, "mine");
  await t.throwsAsync(attach(boss, "mine"), { code: "denied" });
  await boss.call("revokeLease", { id: lease.lease.id }, undefined);
  t.is(agent.shown(node1, "mine"), null);
  await boss.call("removeVolume", { name: "mine" }, undefined);
  const [entry] = (await boss.call("trash", {}, undefined)).entries;
  t.deepEqual((await boss.call("purge", {}, { entries: [entry?.id ?? ""] })).purged, [entry?.id]);
  const asked = { node: "node2", cidr: null, validMs: 60_000, replace: false };
  t.regex((await boss.call("token", {}, asked)).token, /^swarmnfs-join/);
  await boss.call("revokeNode", { id: node1.id }, undefined);
  await t.throwsAsync(node1.call("storage", {}, undefined));
});
