// Several nodes on one storage, each with the whole plugin: what `swarmnfs doctor --cluster` finds.
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import type { ClusterExamination, ClusterReport } from "../../../storage/verbs.ts";
import { FakeDaemon } from "../fake-daemon.ts";
import { type PluginUnderTest, startPlugin } from "../plugin-under-test.ts";
import { until } from "../until.ts";
import { examineFrom, post, swarmNode, wrongWith } from "./cluster-under-test.ts";

interface Swarm {
  /** A manager. */
  readonly one: PluginUnderTest;
  /** On its storage. */
  readonly others: readonly PluginUnderTest[];
}

async function swarm(t: ExecutionContext, others: number, answersMs = 60_000): Promise<Swarm> {
  const clusterPatience = { answersMs, leastMs: 0, everyMs: 20 };
  const one = await startPlugin(t, { node: "node1", clusterPatience });
  const names = Array.from({ length: others }, (_, index) => `node${index + 2}`);
  const plugins: PluginUnderTest[] = [];
  for (const node of names) plugins.push(await startPlugin(t, { node, sharedWith: one }));
  for (const [index, node] of [one, ...plugins].entries())
    node.engine.swarmNode = `id-node${index + 1}`;
  one.engine.nodes = ["node1", ...names].map((name) => swarmNode(name));
  return { one, others: plugins };
}

/** The other nodes come round meanwhile. */
function examine({ one, others }: Swarm): Promise<ClusterReport> {
  return examineFrom(one, () => Promise.all(others.map((other) => other.looked())));
}

test("all nodes answer, read what one wrote and are read, and nothing is left of it", async (t) => {
  const nodes = await swarm(t, 2);
  const report = await examine(nodes);
  t.deepEqual(
    report.nodes.map(({ node }) => [node, wrongWith(report, node)]),
    [
      ["node1", []],
      ["node2", []],
      ["node3", []],
    ],
  );
  const said = new Set(report.findings.map(({ title }) => title));
  t.true(said.has("3 nodes are in the swarm, 3 of them ready"));
  t.true(said.has("2 of 2 other nodes read what this node wrote through a volume"));
  t.deepEqual(
    report.findings.filter(({ level }) => level !== "ok").map(({ title }) => title),
    ["no backup service has ever been seen on this storage"],
  );
  for (const plugin of [nodes.one, ...nodes.others]) {
    t.deepEqual(
      plugin.mounter.calls.map((call) => call.replace(/-[0-9a-f]{12}$/, "")),
      ["mount swarmnfs-check", "unmount swarmnfs-check"],
    );
    await plugin.looked();
    t.deepEqual((await plugin.docker.call("List")).Volumes ?? [], []);
  }
  t.deepEqual(await post(nodes.one, "Trash", {}), { entries: [] });
});

test("each node that is missing is named, with why and what to do", async (t) => {
  const nodes = await swarm(t, 1, 3000);
  nodes.one.engine.nodes?.push(
    swarmNode("node3", { state: "down" }),
    swarmNode("node4", { hasPlugin: false }),
    swarmNode("node5"),
  );
  const report = await examine(nodes);
  t.deepEqual(wrongWith(report, "node3"), ["the swarm has lost it (down)"]);
  t.deepEqual(wrongWith(report, "node4"), ["Docker there has no such plugin, or it is disabled"]);
  t.regex(wrongWith(report, "node5")[0] ?? "", /^it did not answer within \d+ s$/);
  t.is(report.nodes.find(({ node }) => node === "node5")?.version, null);
});

test("a node that reads something else than was written is found out, and one that cannot read at all", async (t) => {
  const nodes = await swarm(t, 2);
  const [two, three] = nodes.others;
  if (two === undefined || three === undefined) throw new Error("no nodes");
  two.files.instead = "old";
  three.files.failure = new Error("Stale file handle");
  const report = await examine(nodes);
  const title = "it cannot read what this node wrote through a volume";
  t.deepEqual(wrongWith(report, "node2"), [title]);
  const found = report.nodes.find(({ node }) => node === "node3")?.findings;
  t.regex(found?.find((each) => each.title === title)?.advice ?? "", /^Stale file handle\. /);
  t.like(
    report.findings.find(({ level }) => level === "problem"),
    { title: "0 of 2 other nodes read what this node wrote through a volume" },
  );
});

test("when this node cannot write, that is said once, and the others are examined all the same", async (t) => {
  const nodes = await swarm(t, 1);
  nodes.one.files.failure = new Error("Read-only file system");
  const report = await examine(nodes);
  t.deepEqual(wrongWith(report, "node2"), []);
  t.like(
    report.findings.find(({ level }) => level === "problem"),
    { title: "this node cannot write through a volume, so nobody could read it" },
  );
});

test("what a node's own doctor finds is told of that node", async (t) => {
  const nodes = await swarm(t, 1);
  const [two] = nodes.others;
  if (two === undefined) throw new Error("no node");
  two.engine.failure = new Error("no such plugin");
  const report = await examine(nodes);
  t.is(report.nodes.length, 2);
  t.true(wrongWith(report, "node2").some((title) => title.endsWith("cannot ask Docker")));
});

test("a node that is no manager waits for those it knows, and says that it cannot know who is missing", async (t) => {
  const nodes = await swarm(t, 1);
  nodes.one.engine.nodes = null;
  for (const two of nodes.others) await new FakeDaemon(two).run({ name: "v", volumes: ["v"] });
  const report = await examine(nodes);
  t.deepEqual(
    report.nodes.map(({ node }) => node),
    ["node1", "node2"],
  );
  t.true(report.findings.some(({ title }) => title.includes("who is missing cannot be known")));
});

test("while the storage does not answer, that is what this node finds, and nobody is waited for", async (t) => {
  const nodes = await swarm(t, 0);
  nodes.one.weather = "refusing";
  const report = await examine(nodes);
  t.regex(wrongWith(report, "node1")[0] ?? "", /cannot be used, since/);
  t.deepEqual(report.findings, []);
});

test("who asks twice hears of the same examination, and an unknown one is not known", async (t) => {
  const { one } = await swarm(t, 0);
  one.engine.nodes?.push(swarmNode("node2", { state: "down" }));
  const first = await post<{ id: string }>(one, "ExamineCluster", {});
  t.deepEqual(await post(one, "ExamineCluster", {}), first);
  const id = "018f0000-0000-7000-8000-000000000009";
  await t.throwsAsync(post(one, "ClusterExamination", { id }), { message: /Ask once more/ });
  await until(
    "it is over",
    async () => {
      const { report } = await post<ClusterExamination>(one, "ClusterExamination", first);
      return report !== null;
    },
    60_000,
  );
});

test("a node at rest looks by itself whether it is asked", async (t) => {
  const { one } = await swarm(t, 0);
  await startPlugin(t, { node: "node2", sharedWith: one, makeStorage });
  one.engine.nodes?.push(swarmNode("node2"));
  const report = await examineFrom(one);
  t.deepEqual(wrongWith(report, "node2"), []);
});

function makeStorage(path: string): Callable {
  const place = { url: "dir:///srv/swarm", path, trashDays: 30, makeRoot: true };
  return new Callable(place, { clock: systemClock });
}

/** Says without a list whether somebody asks, as the plugin's own storages do. */
class Callable extends DirectoryStorage {
  async isCalled(): Promise<boolean> {
    return ((await this.list()).rollCalls ?? []).length > 0;
  }
}
