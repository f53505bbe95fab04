// Nodes with the whole plugin on the whole agent of a storage node: leases, and what they are for. One after the other: a busy
// machine needs its time for each.
import test from "ava";
import { AgentUnderTest } from "../nfs-server/agent-under-test.ts";
import { SwarmnfsNode } from "./swarmnfs-node.ts";
import { until } from "./until.ts";

const minuteMs = 60_000;

/** So much time passes, in which the storage node hears of somebody, but not of the nodes of the test. */
async function pass(agent: AgentUnderTest, ms: number): Promise<void> {
  const other = await agent.join("other");
  for (let left = ms; left > 0; left -= 20_000) {
    agent.skip(Math.min(left, 20_000));
    await other.call("renew", {}, { signs: [], replies: [], waitMs: 0, unfenced: false });
  }
}

test.serial("a volume is shown to the nodes that have it mounted, and to no others", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  const two = await SwarmnfsNode.start(t, agent, "node2");
  await one.docker.run({ name: "web", volumes: ["v"] });
  t.deepEqual(one.plugin.mounter.table.get("v"), {
    type: "nfs4",
    source: "127.0.0.1:/v",
    options: ["hard", "nosharecache", "retry=0", "vers=4.2"],
  });
  t.not(agent.shown(one, "v"), null);
  t.is(agent.shown(two, "v"), null);
  await two.docker.run({ name: "web", volumes: ["v"] });
  t.not(agent.shown(two, "v"), null);
  await one.docker.stop("web");
  await until("it is taken away", () => agent.shown(one, "v") === null);
  t.not(agent.shown(two, "v"), null);
});

test.serial("a node learns of what another one made without asking again and again", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  const two = await SwarmnfsNode.start(t, agent, "node2");
  await one.docker.create("v", { "on-remove": "retain" });
  const { plugin } = two;
  await until("it is told", async () =>
    ((await plugin.docker.call("List")).Volumes ?? []).some(({ Name }) => Name === "v"),
  );
  t.pass();
});

test.serial(
  "a volume that another node has mounted is not removed, and the refusal names the node",
  async (t) => {
    const agent = await AgentUnderTest.start(t);
    const one = await SwarmnfsNode.start(t, agent, "node1");
    const two = await SwarmnfsNode.start(t, agent, "node2");
    await one.docker.run({ name: "web", volumes: ["v"] });
    await two.docker.create("v");
    await t.throwsAsync(two.docker.removeVolume("v"), {
      message: /"v" is mounted on node1 \(container "web", since .+Z\)\. Remove the service/,
    });
    await one.docker.stop("web");
    await until("it is unmounted", () => one.mounted.length === 0);
    await until("it can be removed", () =>
      two.docker.removeVolume("v").then(
        () => true,
        () => false,
      ),
    );
  },
);

test.serial(
  "an exclusive volume stays where it is used, and goes at once where it is not",
  async (t) => {
    const agent = await AgentUnderTest.start(t);
    const one = await SwarmnfsNode.start(t, agent, "node1", minuteMs);
    const two = await SwarmnfsNode.start(t, agent, "node2", minuteMs);
    await one.docker.create("db", { access: "exclusive" });
    await one.docker.run({ name: "db-1", volumes: ["db"] });
    await t.throwsAsync(two.docker.run({ name: "db-2", volumes: ["db"] }), {
      message: /one node at a time, and is in use on "node1" \(container "db-1"\)\. Stop it there/,
    });
    t.deepEqual([one.mounted, two.mounted], [["db"], []]);
    await one.docker.stop("db-1");
    await two.docker.start("db-2");
    t.deepEqual([one.mounted, two.mounted], [[], ["db"]]);
    t.is(agent.shown(one, "db"), null);
    t.not(agent.shown(two, "db"), null);
  },
);

test.serial(
  "a node that is silent loses its exclusive volume as a whole, and comes back clean",
  async (t) => {
    const agent = await AgentUnderTest.start(t);
    const one = await SwarmnfsNode.start(t, agent, "node1");
    const two = await SwarmnfsNode.start(t, agent, "node2");
    await one.docker.create("db", { access: "exclusive" });
    await one.docker.run({ name: "db-1", volumes: ["db"] });
    await one.docker.run({ name: "web", volumes: ["v"] });
    await one.plugin.crash();
    await pass(agent, 70_000);
    await two.docker.run({ name: "db-2", volumes: ["db"] });
    t.deepEqual([agent.shown(one, "db"), agent.shown(one, "v")], [null, null]);
    await one.plugin.begin();
    await until("db-1 is stopped", () => one.plugin.engine.calls.includes("stop db-1"));
    await until("web has its volume again", () => agent.shown(one, "v") !== null);
    t.is(agent.shown(one, "db"), null);
    t.not(agent.shown(two, "db"), null);
    t.is(one.docker.container("web").state, "running");
    await t.throwsAsync(one.docker.start("db-1"), { message: /in use on "node2"|"node2" has it/ });
  },
);

test.serial("a plugin that is being upgraded is not taken for dead", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  const two = await SwarmnfsNode.start(t, agent, "node2");
  await one.docker.create("db", { access: "exclusive" });
  await one.docker.run({ name: "db-1", volumes: ["db"] });
  await one.plugin.stop();
  await pass(agent, 70_000);
  await t.throwsAsync(two.docker.run({ name: "db-2", volumes: ["db"] }), {
    message: /"node1" has it; its plugin is being restarted or upgraded\. Try again in/,
  });
  t.not(agent.shown(one, "db"), null);
  await one.plugin.begin();
  await t.throwsAsync(two.docker.start("db-2"), { message: /in use on "node1"|"node1" has it/ });
});

test.serial("while the storage server is down its nodes go on with what they have", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  const two = await SwarmnfsNode.start(t, agent, "node2");
  await one.docker.run({ name: "web", volumes: ["v"] });
  await two.docker.create("v");
  await agent.stop();
  await one.docker.stop("web");
  await until("it is unmounted", () => one.mounted.length === 0);
  await one.docker.start("web");
  t.deepEqual(one.mounted, ["v"]);
  await t.throwsAsync(two.docker.run({ name: "web", volumes: ["v"] }), {
    message:
      /"v" cannot be mounted on node2: storage1 .*refuses connections on port \d+: .*Nothing is lost/s,
  });
  await agent.begin();
  await until("node2 has it", () =>
    two.docker.start("web").then(
      () => true,
      () => false,
    ),
  );
  t.not(agent.shown(one, "v"), null);
  t.not(agent.shown(two, "v"), null);
});

test.serial(
  "a plugin that is started while the storage server is down mounts what is still its own",
  async (t) => {
    const agent = await AgentUnderTest.start(t);
    const one = await SwarmnfsNode.start(t, agent, "node1", minuteMs);
    await one.docker.create("db", { access: "exclusive" });
    await one.docker.create("other");
    await one.docker.run({ name: "db-1", volumes: ["db"] });
    await one.docker.run({ name: "web", volumes: ["v"] });
    await agent.stop();
    await one.plugin.reboot("boot-2");
    one.docker.die();
    t.deepEqual(one.mounted, []);
    await one.docker.start("db-1");
    await one.docker.start("web");
    t.deepEqual(one.mounted, ["db", "v"]);
    await t.throwsAsync(one.docker.run({ name: "other", volumes: ["other"] }), {
      message: /"other" cannot be mounted on node1: .*refuses connections on port/,
    });
    await one.docker.stop("web");
    await agent.begin();
    await until("all is well", async () => (await one.status()).trouble === null);
    await one.docker.start("other");
    t.deepEqual(one.mounted, ["db", "other", "v"]);
    t.not(agent.shown(one, "db"), null);
  },
);

test.serial("an agent that was restarted gives everybody what they had", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  await one.docker.run({ name: "web", volumes: ["v"] });
  await agent.restart();
  t.not(agent.shown(one, "v"), null);
  const { leases } = await agent.admin("leases", {}, undefined);
  t.deepEqual(
    leases.map(({ volume, node }) => [volume, node]),
    [["v", "node1"]],
  );
  await one.docker.run({ name: "more", volumes: ["w"] });
  t.not(agent.shown(one, "w"), null);
});

test.serial("a plugin that was killed keeps the leases of what is mounted", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  await one.docker.run({ name: "web", volumes: ["v"] });
  const states = async (): Promise<string[]> =>
    (await agent.admin("leases", {}, undefined)).leases.map(({ state }) => state);
  await one.plugin.crash();
  await pass(agent, 70_000);
  t.deepEqual(await states(), ["silent"]);
  await one.plugin.begin();
  await until("it is renewed", async () => (await states()).join() === "held");
  t.not(agent.shown(one, "v"), null);
  await one.docker.stop("web");
  await until("it is given back", () => agent.shown(one, "v") === null);
});

test.serial("a node that was revoked is told so, and joins again with a new token", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const one = await SwarmnfsNode.start(t, agent, "node1");
  const join = async (token: string): Promise<{ status: number; text: string }> =>
    one.plugin.docker.send("/Swarmnfs.Join", JSON.stringify({ token }));
  await agent.admin("revokeNode", { id: one.id }, undefined);
  await t.throwsAsync(one.docker.run({ name: "web", volumes: ["v"] }), { message: /revoked/ });
  const refused = await join(await agent.token("node7"));
  t.is(refused.status, 400);
  t.regex(refused.text, /is for a node called \\"node7\\"/);
  const fresh = await agent.token("node1");
  const joined = await join(fresh);
  t.is(joined.status, 200, joined.text);
  t.true(one.plugin.lines.some(({ audit }) => audit === "join"));
  t.false(one.plugin.lines.some((line) => JSON.stringify(line).includes(fresh)));
  await until("it is taken back", async () => (await one.status()).trouble === null);
  await one.docker.run({ name: "again", volumes: ["v"] });
  t.not(agent.shown(one, "v"), null);
});
