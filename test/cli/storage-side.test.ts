import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AdminSocket } from "../../nfs-server/control/admin-socket.ts";
import { createControlApi } from "../../nfs-server/control/api.ts";
import { adminDoor } from "../../nfs-server/control/door.ts";
import { Gatekeeper, usualLimits } from "../../nfs-server/control/gatekeeper.ts";
import { Replays } from "../../nfs-server/control/replays.ts";
import { createLog } from "../../service/log.ts";
import { AgentUnderTest, type JoinedNode } from "../nfs-server/agent-under-test.ts";
import { type Said, type Setting, speak } from "./spoken.ts";

type Speak = (line: string, setting?: Setting) => Promise<Said>;

/** A storage node with two nodes, and the command in its container: there is no plugin. */
async function storageNode(
  t: ExecutionContext,
): Promise<{ agent: AgentUnderTest; node1: JoinedNode; node2: JoinedNode; say: Speak }> {
  const agent = await AgentUnderTest.start(t, {}, 100);
  const [node1, node2] = [await agent.join("node1"), await agent.join("node2")];
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-admin-"));
  const serverSocket = join(folder, "server.sock");
  const admin = new AdminSocket(
    createControlApi(agent.server.operations, {
      door: adminDoor,
      gatekeeper: new Gatekeeper(usualLimits, () => performance.now()),
      replays: new Replays(() => performance.now()),
      observations: { health: async () => ({ state: "ok" }), metrics: async () => "" },
      log: createLog("test", { level: "error", format: "json" }),
      checkAnswers: true,
    }),
    serverSocket,
  );
  await admin.listen();
  t.teardown(async () => {
    await admin.close();
    await rm(folder, { recursive: true });
  });
  const surroundings = { serverSocket, pluginsDirectory: folder, clock: { now: () => Date.now() } };
  const say: Speak = (line, setting = {}) =>
    speak(t, line.split(" "), { columns: 100, ...setting, surroundings });
  const options = { app: "blog" };
  await node1.call("createVolume", {}, { name: "blog_data", options, defaults: {} });
  for (const node of [node1, node2])
    await node.call("attach", { name: "blog_data" }, { id: null, consumers: ["service blog_web"] });
  return { agent, node1, node2, say };
}

test("volumes, apps, nodes, leases, usage and status are shown on the storage node as on a node", async (t) => {
  const { say } = await storageNode(t);
  for (const [line, expected] of [
    ["volumes", /blog_data +blog .* node1, node2 .* ok/],
    ["volumes show blog_data", /mounted on +node1: service blog_web/],
    ["apps", /blog +blog +\*/],
    ["apps show blog", /volumes +blog_data/],
    ["nodes", /node1 +10\.77\.0\.11 .* live/],
    ["leases", /blog_data +node2 .* held/],
    ["usage", /blog_data +blog/],
    ["trash", /The trash is empty/],
    ["clean", /Nothing to clean\./],
    ["report", /blog_data +blog .* too little history/],
    ["status", /storage +swarmnfs:\/\/this storage node/],
    ["doctor", /storage node/],
  ] as const) {
    const { out, err, exit } = await say(line);
    t.is(exit, 0, `${line}: ${err}`);
    t.regex(out, expected, line);
    const json = await say(`${line} --json`);
    t.is(json.exit, 0, `${line} --json: ${json.err}`);
    t.is(typeof JSON.parse(json.out), "object", line);
  }
});

test("rules are changed there, and whoever loses something by it is named first", async (t) => {
  const { agent, node1, node2, say } = await storageNode(t);
  const no = await say("apps set blog hosts=node1", { typed: "no" });
  t.regex(no.out, /blog_data +node2 +service blog_web\nNothing was changed/);
  t.not(agent.shown(node2, "blog_data"), null);
  const yes = await say("apps set blog hosts=node1 --yes");
  t.is(yes.exit, 0, yes.err);
  t.regex(yes.out, /hosts +\* → node1/);
  t.is(agent.shown(node2, "blog_data"), null);
  t.not(agent.shown(node1, "blog_data"), null);
  t.regex((await say("volumes set blog_data backup=off")).out, /backup +default → off/);
});

test("a volume is copied, removed, brought back and destroyed there", async (t) => {
  const { say } = await storageNode(t);
  t.regex((await say("volumes clone blog_data blog_test")).out, /is (becoming )?a copy of/);
  const refused = await say("volumes rm blog_data");
  t.is(refused.exit, 1);
  t.regex(refused.err, /"blog_data" is mounted on node1/);
  t.regex(
    (await say("volumes rm blog_test")).out,
    /"blog_test" is removed; .* undelete blog_test/s,
  );
  t.regex((await say("trash undelete blog_test")).out, /"blog_test" is back/);
  await say("volumes rm blog_test");
  t.regex((await say("trash purge --all --yes")).out, /1 entry purged/);
});

test("what is a matter of nodes says so there", async (t) => {
  const { say } = await storageNode(t);
  for (const line of ["volumes --drift", "join /proc/sys/kernel/hostname"]) {
    const { exit, err } = await say(line);
    t.is(exit, 1);
    t.regex(err, /this is the\s+storage\s+node/);
  }
});
