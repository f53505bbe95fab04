// The backup service beside a storage node of ours asks by the data disk; nodes hear of it, and answer, over the control API.
import test from "ava";
import { pino } from "pino";
import { NodeHooks } from "../../../backup-sidecar/source/node-hooks.ts";
import { systemClock } from "../../../service/clock.ts";
import { noHooks } from "../../../service/hooks/hooks.ts";
import { repeat } from "../../../service/repeat.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { AgentUnderTest } from "../../nfs-server/agent-under-test.ts";
import { hookContainer } from "../../service/hooks/fake-hook-engine.ts";
import { SwarmnfsNode } from "../swarmnfs-node.ts";

const never = new AbortController().signal;
const patience = { noticeMs: 60_000, doneMs: 60_000, lostMs: 60_000, everyMs: 20 };
const log = pino({ enabled: false });

test.serial(
  "containers of nodes that have leases stand still, others are not waited for, and one that is gone is named",
  async (t) => {
    const agent = await AgentUnderTest.start(t);
    const one = await SwarmnfsNode.start(t, agent, "node1");
    const two = await SwarmnfsNode.start(t, agent, "node2");
    await one.docker.run({ name: "web", volumes: ["v"] });
    await two.docker.run({ name: "web", volumes: ["v"] });
    const place = { url: "dir:///storage", path: agent.data, trashDays: 30, makeRoot: false };
    const storage = new DirectoryStorage(place, { clock: systemClock });
    await storage.open(null);
    t.teardown(() => storage.close());
    const rounds = new AbortController();
    t.teardown(() => rounds.abort());
    void repeat(
      20,
      () => agent.server.look(),
      rounds.signal,
      () => undefined,
    );
    const parts = { storage, own: noHooks, engine: null, node: "storage", clock: systemClock, log };
    const hooks = new NodeHooks({ ...parts, patience });

    two.plugin.hookEngine.containers = [
      hookContainer("db", { pre: "flush", post: "unflush", pause: "true" }),
    ];
    const before = await hooks.pre("crowd", ["v"], never);
    t.deepEqual(before, { consistent: true, notes: [] });
    t.deepEqual(two.plugin.hookEngine.calls, ["run db flush", "pause db"]);
    t.deepEqual(await hooks.post("crowd"), { consistent: true, notes: [] });
    t.deepEqual(two.plugin.hookEngine.calls.slice(2), ["unpause db", "run db unflush"]);
    t.deepEqual(one.plugin.hookEngine.calls, []);

    await two.plugin.crash();
    const hasty = new NodeHooks({ ...parts, patience: { ...patience, noticeMs: 3000 } });
    const { consistent, notes } = await hasty.pre("crowd", ["v"], never);
    t.false(consistent);
    t.is(notes.length, 1);
    t.regex(notes.join(), /node "node2" has volumes of the app mounted and did not answer/);
    await hasty.post("crowd");
    await two.plugin.begin();
  },
);

test.serial("a node speaks for itself alone, and only of volumes that it may see", async (t) => {
  const agent = await AgentUnderTest.start(t);
  const [one, two] = [await agent.join("node1"), await agent.join("node2")];
  const options = { app: "blog", hosts: "node1" };
  await one.call("createVolume", {}, { name: "v", options, defaults: {} });
  const storage = new DirectoryStorage(
    { url: "dir:///storage", path: agent.data, trashDays: 30, makeRoot: false },
    { clock: systemClock },
  );
  await storage.open(null);
  t.teardown(() => storage.close());
  const id = "018f0000-0000-7000-8000-000000000009";
  await storage.callHooks({
    schema: 1,
    id,
    app: "blog",
    volumes: ["v", "other"],
    phase: "pre",
    engine: null,
    node: "storage",
    calledAt: "2026-03-01T00:00:00Z",
  });
  const seen = await one.call("catalog", {}, { seen: null });
  t.deepEqual(
    seen.hookCalls?.map(({ volumes }) => volumes),
    [["v"]],
  );
  t.is((await two.call("catalog", {}, { seen: null })).hookCalls, undefined);
  const said = {
    schema: 1,
    life: id,
    state: "nothing",
    consistent: true,
    notes: [],
    node: "node2",
    nodeId: two.id,
    holders: [],
  } as const;
  await one.call("answerHook", { id }, { ...said, notes: [] });
  t.deepEqual(
    (await storage.hookAnswers(id)).map(({ node, nodeId, holders }) => [node, nodeId, holders]),
    [["node1", one.id, undefined]],
  );
  await t.throwsAsync(two.call("answerHook", { id }, { ...said, notes: [] }), {
    code: "not-found",
  });
});
