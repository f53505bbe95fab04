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
