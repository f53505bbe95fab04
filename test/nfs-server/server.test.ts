import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { AgentUnderTest } from "./agent-under-test.ts";

const consumers = ["service blog_web"];

test("a node joins, makes a volume, attaches it, and the kernel shows it to that node alone", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  const record = await node1.call("createVolume", {}, { name: "v", options: {}, defaults: {} });
  const attached = await node1.call("attach", { name: "v" }, { id: record.id, consumers });
  t.like(attached, { path: "/v", options: [], lease: { node: "node1", exclusive: false } });
  t.like(agent.shown(node1, "v"), { fsid: record.fsid, readOnly: false, squash: null });
  t.is(agent.shown(node2, "v"), null);
  const { uses } = await node2.call("catalog", {}, { seen: null });
  t.like(uses["v"]?.[0], { node: "node1", consumers });
  await t.throwsAsync(node2.call("removeVolume", { name: "v" }, undefined), {
    code: "in-use",
    message: /"v" is mounted on node1 \(service blog_web, since/,
  });
  await node1.call("detach", { name: "v" }, {});
  t.is(agent.shown(node1, "v"), null);
  t.like(await node2.call("removeVolume", { name: "v" }, undefined), { kind: "trashed" });
});

test("a volume that begins as a copy can be attached once it is complete", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const node1 = await agent.join("node1");
  await node1.call("createVolume", {}, { name: "v", options: { app: "blog" }, defaults: {} });
  await writeFile(join(agent.data, "apps/blog/v/file"), "kept");
  const copy = { name: "copy", options: { from: "v" }, defaults: {} };
  const record = await node1.call("createVolume", {}, copy);
  t.like(record, { state: "ready", app: "blog" });
  t.is(await readFile(join(agent.data, "apps/blog/copy/file"), "utf8"), "kept");
  const attached = await node1.call("attach", { name: "copy" }, { id: record.id, consumers });
  t.is(attached.path, "/copy");
});

test("a server that is started again shows everybody what they had, before they call", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const node1 = await agent.join("node1");
  const { id } = await node1.call("createVolume", {}, { name: "v", options: {}, defaults: {} });
  const { lease } = await node1.call("attach", { name: "v" }, { id, consumers });
  await agent.restart();
  t.not(agent.shown(node1, "v"), null);
  const again = await node1.call("attach", { name: "v" }, { id, consumers });
  t.is(again.lease.id, lease.id);
  t.deepEqual(await readdir(join(agent.data, ".swarmnfs/server/leases")), [`v@${node1.id}.json`]);
});
