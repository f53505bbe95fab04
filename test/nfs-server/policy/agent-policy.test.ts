import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AgentUnderTest } from "../agent-under-test.ts";

const ask = { options: {}, defaults: {} };

test("a host without a plugin has what the policy gives it as long as the volume is there, also after a restart", async (t) => {
  const agent = await AgentUnderTest.start(t, {
    SWARMNFS_POLICY_FILE: await policyFile(t, {
      static: [{ volume: "media", hosts: ["10.77.0.99"], mode: "ro" }],
    }),
  });
  const node1 = await agent.join("node1");
  t.is(agent.exports.shownAt("10.77.0.99", "media"), null);
  const { fsid } = await node1.call("createVolume", {}, { name: "media", ...ask });
  await agent.restart();
  t.like(agent.exports.shownAt("10.77.0.99", "media"), { fsid, readOnly: true });
  t.is(agent.exports.shownAt("10.77.0.98", "media"), null);
  const { leases, statics } = await agent.admin("leases", {}, undefined);
  t.deepEqual(leases, []);
  t.like(statics, { length: 1, 0: { volume: "media", host: "10.77.0.99", mode: "ro" } });
});

test("a volume that the policy gives to a host without a plugin does not become exclusive", async (t) => {
  const agent = await AgentUnderTest.start(t, {
    SWARMNFS_POLICY_FILE: await policyFile(t, {
      static: [{ volume: "media", hosts: ["10.77.0.99"], mode: "rw" }],
    }),
  });
  const node1 = await agent.join("node1");
  await node1.call("createVolume", {}, { name: "media", ...ask });
  await t.throwsAsync(agent.admin("changeVolume", { name: "media" }, { access: "exclusive" }), {
    code: "in-use",
    message: /the policy file gives it to 10\.77\.0\.99/,
  });
  t.is((await node1.call("volume", { name: "media" }, undefined)).access, "shared");
  const { access } = await agent.admin("changeVolume", { name: "media" }, { access: "readonly" });
  t.is(access, "readonly");
});

test("a node that is not allowed any more has nothing after the restart, however it has it", async (t) => {
  const names = { shared: "photos", exclusive: "db" };
  const environment: Record<string, string> = {};
  const agent = await AgentUnderTest.start(t, environment);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  for (const access of ["shared", "exclusive"] as const) {
    await node1.call("createVolume", {}, { name: names[access], ...ask, options: { access } });
    await node1.call("attach", { name: names[access] }, { id: null, consumers: [] });
  }
  await node2.call("attach", { name: names.shared }, { id: null, consumers: [] });
  environment["SWARMNFS_ALLOWED_HOSTS"] = `node3,${agent.addressOf(node2.id)}`;
  await agent.restart();
  t.is(agent.shown(node1, names.shared), null);
  t.is(agent.shown(node1, names.exclusive), null);
  t.not(agent.shown(node2, names.shared), null);
});

test("a node sees who has what it may have itself, and nothing of other volumes", async (t) => {
  const agent = await AgentUnderTest.start(t, {
    SWARMNFS_POLICY_FILE: await policyFile(t, {
      static: [{ volume: "mine", hosts: ["10.77.0.99"], mode: "rw" }],
    }),
  });
  const [node1, node2, node3] = [
    await agent.join("node1"),
    await agent.join("node2"),
    await agent.join("node3"),
  ];
  await node1.call("createVolume", {}, { name: "mine", ...ask, options: { hosts: "node1,node2" } });
  await node1.call("attach", { name: "mine" }, { id: null, consumers: ["service blog_web"] });
  await agent.restart();
  for (const node of [node1, node2]) {
    const seen = await node.call("leases", {}, undefined);
    t.like(seen.leases, { length: 1, 0: { node: "node1", volume: "mine" } });
    t.is(seen.statics.length, 1);
  }
  t.deepEqual(await node3.call("leases", {}, undefined), { leases: [], statics: [] });
});

test("a declared app is there with its rules for the first volume, and others are refused", async (t) => {
  const agent = await AgentUnderTest.start(t, {
    SWARMNFS_APPS: "blog:hosts=node1",
    SWARMNFS_STRICT: "on",
  });
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  const blog = { ...ask, options: { app: "blog" } };
  await t.throwsAsync(node2.call("createVolume", {}, { name: "v", ...blog }), { code: "denied" });
  await t.throwsAsync(node1.call("createVolume", {}, { name: "v", ...ask }), {
    code: "denied",
    message: /app "v" is not declared/,
  });
  const { id } = await node1.call("createVolume", {}, { name: "v", ...blog });
  t.deepEqual((await node1.call("app", { name: "blog" }, undefined)).hosts, ["node1"]);
  await t.throwsAsync(node2.call("attach", { name: "v" }, { id, consumers: [] }), {
    code: "denied",
  });
});

async function policyFile(t: ExecutionContext, policy: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-policy-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "policy.json");
  await writeFile(file, JSON.stringify(policy));
  return file;
}
