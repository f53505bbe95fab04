import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { AgentUnderTest, type JoinedNode } from "../agent-under-test.ts";

async function create(
  node: JoinedNode,
  name: string,
  options: Record<string, string> = {},
): Promise<VolumeRecord> {
  return node.call("createVolume", {}, { name, options, defaults: {} });
}

async function attach(node: JoinedNode, name: string): Promise<unknown> {
  return node.call("attach", { name }, { id: null, consumers: [] });
}

async function world(
  t: Parameters<typeof AgentUnderTest.start>[0],
  environment: Record<string, string> = {},
): Promise<[AgentUnderTest, JoinedNode, JoinedNode]> {
  const agent = await AgentUnderTest.start(t, environment, 100);
  return [agent, await agent.join("node1"), await agent.join("node2")];
}

test("a node neither sees nor gets nor changes what is for other nodes", async (t) => {
  const [agent, node1, node2] = await world(t);
  await create(node1, "mine", { app: "blog", hosts: "node1" });
  const { catalog } = await node2.call("catalog", {}, { seen: null });
  t.deepEqual([catalog?.volumes, catalog?.apps], [[], []]);
  const denied = { code: "denied", message: /is for node1; this is node "node2"\. To allow it: / };
  await t.throwsAsync(node2.call("volume", { name: "mine" }, undefined), denied);
  await t.throwsAsync(node2.call("usage", { name: "mine" }, undefined), denied);
  await t.throwsAsync(node2.call("app", { name: "blog" }, undefined), denied);
  await t.throwsAsync(attach(node2, "mine"), denied);
  await t.throwsAsync(node2.call("removeVolume", { name: "mine" }, undefined), denied);
  await t.throwsAsync(create(node2, "more", { app: "blog" }), denied, "another volume of the app");
  await t.throwsAsync(create(node2, "copy", { from: "mine" }), denied, "a copy of it");
  const since = "2026-03-01T12:00:00Z";
  await t.throwsAsync(
    node2.call("claimApp", { name: "blog" }, { kind: "stack", name: "evil", since }),
    denied,
  );
  await node1.call("removeVolume", { name: "mine" }, undefined);
  t.deepEqual((await node2.call("trash", {}, undefined)).entries, []);
  t.is((await node1.call("trash", {}, undefined)).entries.length, 1);
  const refusals = agent.lines.filter(({ audit }) => audit === "deny");
  t.deepEqual(refusals.map(({ route }) => String(route)).toSorted(byName), [
    "app",
    "attach",
    "claimApp",
    "createVolume",
    "createVolume",
    "removeVolume",
    "usage",
    "volume",
  ]);
});

test("a node sees the past of what is for it, and of the storage as a whole", async (t) => {
  const [agent, node1, node2] = await world(t);
  await create(node1, "mine", { app: "blog", hosts: "node1" });
  await create(node1, "ours", { app: "wiki" });
  const folder = join(agent.data, ".swarmnfs/history");
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const volumes = { mine: [10, 1], ours: [20, null] };
  const day = { schema: 1, at, total: 1000, free: 500, volumes };
  await writeFile(join(folder, `${at.slice(0, 10)}.json`), JSON.stringify(day));
  const since = "2026-01-01T00:00:00Z";
  t.deepEqual(await node2.call("review", {}, { since }), {
    days: [{ at, total: 1000, free: 500 }],
    volumes: { ours: [20] },
    backup: null,
  });
  t.deepEqual(Object.keys((await node1.call("review", {}, { since })).volumes).toSorted(), [
    "mine",
    "ours",
  ]);
});

test("rules about nodes hold for nodes of administrators, too, when they mount", async (t) => {
  const [, node1, node2] = await world(t, { SWARMNFS_ADMIN_NODES: "node2" });
  await create(node1, "mine", { hosts: "node1" });
  t.is((await node2.call("volume", { name: "mine" }, undefined)).name, "mine");
  await t.throwsAsync(attach(node2, "mine"), { code: "denied" });
});

test("what only administrators may is refused to nodes", async (t) => {
  const [agent, node1] = await world(t);
  await create(node1, "v");
  await attach(node1, "v");
  const [lease] = (await node1.call("leases", {}, undefined)).leases;
  const id = lease?.id ?? "";
  await t.throwsAsync(node1.call("changeVolume", { name: "v" }, { access: "readonly" }), {
    code: "denied",
  });
  await t.throwsAsync(node1.call("revokeLease", { id }, undefined), { code: "denied" });
  await agent.admin("changeVolume", { name: "v" }, { access: "readonly" });
  t.like(agent.shown(node1, "v"), { readOnly: true });
  await agent.admin("revokeLease", { id }, undefined);
  t.is(agent.shown(node1, "v"), null);
});

test("the administrator on the storage node mounts nothing", async (t) => {
  const [agent, node1] = await world(t);
  await create(node1, "v");
  await t.throwsAsync(agent.admin("attach", { name: "v" }, { id: null, consumers: [] }), {
    code: "invalid",
  });
  t.deepEqual([...agent.exports.addresses.keys()], []);
});

test("the catalog crosses the network once, and again when something has changed", async (t) => {
  const [, node1, node2] = await world(t);
  await create(node1, "v");
  const first = await node2.call("catalog", {}, { seen: null });
  t.is(first.catalog?.volumes.length, 1);
  await create(node1, "w");
  const second = await node2.call("catalog", {}, { seen: first.seen });
  t.is(second.catalog?.volumes.length, 2);
});

test("a volume whose directory is missing is refused before anything is granted, and nobody is fenced for it", async (t) => {
  const [agent, node1] = await world(t);
  await create(node1, "v", { app: "blog" });
  await rename(join(agent.data, "apps/blog/v"), join(agent.data, "away"));
  await t.throwsAsync(attach(node1, "v"), {
    code: "unavailable",
    message: /apps\/blog\/v.*missing/,
  });
  t.deepEqual(agent.exports.all(), []);
  t.deepEqual((await agent.admin("leases", {}, undefined)).leases, []);
});

test("a volume of another id is not attached by its name", async (t) => {
  const [, node1] = await world(t);
  const { id } = await create(node1, "v");
  await node1.call("removeVolume", { name: "v" }, undefined);
  await create(node1, "v");
  await t.throwsAsync(node1.call("attach", { name: "v" }, { id, consumers: [] }), {
    code: "conflict",
  });
});

test("nobody is fenced for who means another volume of that name", async (t) => {
  const [agent, node1, node2] = await world(t);
  const { id } = await create(node1, "v", { access: "exclusive" });
  await node1.call("removeVolume", { name: "v" }, undefined);
  await create(node1, "v", { access: "exclusive" });
  await attach(node1, "v");
  const renewal = { signs: [], replies: [], waitMs: 0, unfenced: false };
  for (let minutes = 0; minutes < 3; minutes += 0.25) {
    agent.skip(15_000);
    await node2.call("renew", {}, renewal);
  }
  await t.throwsAsync(node2.call("attach", { name: "v" }, { id, consumers: [] }), {
    code: "conflict",
  });
  t.is(agent.server.leases.fenceOf(node1.id), null);
  t.not(agent.shown(node1, "v"), null);
});

test("a strict server takes declared apps alone, with the rules that were declared", async (t) => {
  const environment = { SWARMNFS_APPS: "blog:hosts=node1", SWARMNFS_STRICT: "on" };
  const [, node1, node2] = await world(t, environment);
  await t.throwsAsync(create(node1, "v", { app: "shop" }), { code: "denied", message: /shop/ });
  await t.throwsAsync(create(node2, "v", { app: "blog" }), { code: "denied", message: /node2/ });
  await create(node1, "v", { app: "blog" });
  t.deepEqual((await node1.call("app", { name: "blog" }, undefined)).hosts, ["node1"]);
});

test("a server that becomes strict shows what is there of other apps to nobody anew, but to backups", async (t) => {
  const environment: Record<string, string> = {};
  const [agent, node1] = await world(t, environment);
  const keeper = await agent.join("keeper", undefined, "backup");
  await create(node1, "v", { app: "blog" });
  await attach(node1, "v");
  environment["SWARMNFS_STRICT"] = "on";
  environment["SWARMNFS_APPS"] = "shop";
  await agent.restart();
  t.not(agent.shown(node1, "v"), null, "what is mounted goes on");
  await t.throwsAsync(attach(node1, "v"), { code: "denied", message: /"blog" is not declared/ });
  await attach(keeper, "v");
});

test("what removing means by default is the server's setting, and a volume's own word counts more", async (t) => {
  const [, node1] = await world(t, { SWARMNFS_ON_REMOVE: "retain" });
  t.is((await create(node1, "v")).onRemove, "retain");
  t.is((await create(node1, "w", { "on-remove": "delete" })).onRemove, "delete");
  t.is((await create(node1, "v")).onRemove, "retain", "and created again it is the same");
});

test("an exclusive volume is moved between nodes by the whole agent", async (t) => {
  const [agent, node1, node2] = await world(t);
  await create(node1, "db", { access: "exclusive" });
  await attach(node1, "db");
  await t.throwsAsync(attach(node2, "db"), { code: "in-use", message: /"node1" has it/ });
  for (let passed = 0; passed < 70_000; passed += 10_000) {
    agent.skip(10_000);
    const nothing = { signs: [], replies: [], waitMs: 0, unfenced: false };
    await node2.call("renew", {}, nothing);
  }
  await attach(node2, "db");
  t.is(agent.shown(node1, "db"), null);
  t.deepEqual([...new Set(agent.clients.expired)], [node1.id]);
  const { nodes } = await agent.admin("nodes", {}, undefined);
  t.like(nodes[0], { name: "node1", state: "fenced" });
  await t.throwsAsync(attach(node1, "db"), { message: /"node1" is fenced/ });
  await agent.admin("unfenceNode", { id: node1.id }, {});
  await t.throwsAsync(agent.admin("unfenceNode", { id: node1.id }, {}), { code: "not-found" });
});

test("a node whose certificate is revoked has nothing at once", async (t) => {
  const [agent, node1] = await world(t);
  await create(node1, "v");
  await attach(node1, "v");
  await agent.admin("revokeNode", { id: node1.id }, undefined);
  t.is(agent.shown(node1, "v"), null);
  await t.throwsAsync(attach(node1, "v"));
  await agent.restart();
  t.deepEqual(agent.exports.all(), []);
});

function byName(a: string, b: string): number {
  return a.localeCompare(b);
}

test("an administrator makes a directory of the data disk a volume, by the rules about apps", async (t) => {
  const [agent, node1] = await world(t, { SWARMNFS_APPS: "blog:hosts=node1" });
  await mkdir(join(agent.data, "old/blog"), { recursive: true });
  await writeFile(join(agent.data, "old/blog/post"), "hello");
  t.like(await agent.admin("examine", {}, { path: "old/blog" }), { files: 1, whole: true });
  const body = { path: "old/blog", name: "posts", options: { app: "blog" } };
  t.like(await agent.admin("adoptVolume", {}, body), { state: "ready", app: "blog" });
  await attach(node1, "posts");
  t.is(await readFile(join(agent.data, "apps/blog/posts/post"), "utf8"), "hello");
});
