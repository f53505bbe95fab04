// The backup service's side of hooks in containers of other nodes, with whole plugins on the same storage.
import { randomUUID } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import type { NodePatience } from "../../../backup-sidecar/source/node-answers.ts";
import { NodeHooks } from "../../../backup-sidecar/source/node-hooks.ts";
import { systemClock } from "../../../service/clock.ts";
import { type Hooks, noHooks } from "../../../service/hooks/hooks.ts";
import { repeat } from "../../../service/repeat.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { type PluginUnderTest, startPlugin } from "../../plugin/plugin-under-test.ts";
import { hookContainer } from "../../service/hooks/fake-hook-engine.ts";
import { create } from "../../storage/conformance.ts";

const never = new AbortController().signal;
const patient: NodePatience = { noticeMs: 60_000, doneMs: 60_000, lostMs: 60_000, everyMs: 20 };
const hasty: NodePatience = { noticeMs: 200, doneMs: 60_000, lostMs: 60_000, everyMs: 20 };

interface Scene {
  readonly one: PluginUnderTest;
  readonly two: PluginUnderTest;
  readonly storage: DirectoryStorage;
  /** A service; the nodes come round while it works. */
  readonly service: (patience?: NodePatience, own?: Hooks, engine?: string) => NodeHooks;
  readonly comeRound: <T>(work: Promise<T>) => Promise<T>;
  /** A node has the volume mounted. */
  readonly mounts: (plugin: PluginUnderTest) => Promise<void>;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const one = await startPlugin(t, { node: "node1" });
  const two = await startPlugin(t, { node: "node2", sharedWith: one });
  const place = { url: "dir:///srv/swarm", path: one.storagePath, trashDays: 30 };
  const storage = new DirectoryStorage({ ...place, makeRoot: false }, { clock: systemClock });
  await storage.open(null);
  t.teardown(() => storage.close());
  await create(storage, "blog_data", { app: "blog" });
  return {
    one,
    two,
    storage,
    service: (patience = patient, own = noHooks, engine) =>
      new NodeHooks({
        storage,
        own,
        engine: engine === undefined ? null : { id: async () => engine },
        node: "backups",
        clock: systemClock,
        log: pino({ enabled: false }),
        patience,
      }),
    async comeRound(work) {
      const over = new AbortController();
      const rounds = [one, two].map((node) =>
        repeat(
          1,
          () => node.looked(),
          over.signal,
          () => undefined,
        ),
      );
      try {
        return await work;
      } finally {
        over.abort();
        await Promise.all(rounds);
      }
    },
    async mounts(plugin) {
      const name = plugin === one ? "node1" : "node2";
      await storage.attach("blog_data", { id: await idOf(plugin), name }, []);
    },
  };
}

async function idOf(plugin: PluginUnderTest): Promise<string> {
  const text = await readFile(join(plugin.state, "node.json"), "utf8");
  return (JSON.parse(text) as { id: string }).id;
}

test("containers of another node stand still during a backup, and nothing is left of the call", async (t) => {
  const { two, one, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pre: "flush", post: "unflush", pause: "on" })];
  const hooks = service();
  t.deepEqual(await comeRound(hooks.pre("blog", ["blog_data"], never)), {
    consistent: true,
    notes: [],
  });
  t.deepEqual(two.hookEngine.calls, ["run db flush", "pause db"]);
  t.deepEqual(await comeRound(hooks.post("blog")), { consistent: true, notes: [] });
  t.deepEqual(two.hookEngine.calls.slice(2), ["unpause db", "run db unflush"]);
  await t.throwsAsync(access(join(one.storagePath, ".swarmnfs/hooks")), { code: "ENOENT" });
});

test("where nobody has the volumes mounted nobody is asked", async (t) => {
  const { service, storage } = await scene(t);
  const hooks = service();
  t.true((await hooks.pre("blog", ["blog_data"], never)).consistent);
  t.deepEqual((await storage.list()).hookCalls, []);
  t.true((await hooks.post("blog")).consistent);
});

test("a node that has the volumes and says nothing is named, and the backup goes on", async (t) => {
  const { storage, service } = await scene(t);
  await storage.attach("blog_data", { id: randomUUID(), name: "node9" }, []);
  const hooks = service(hasty);
  const { consistent, notes } = await hooks.pre("blog", ["blog_data"], never);
  t.false(consistent);
  t.regex(notes.join(), /node "node9" has volumes of the app mounted and did not answer/);
  t.true((await hooks.post("blog")).consistent);
});

test("what fails on a node is told with its name", async (t) => {
  const { two, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pre: "dump", post: "rm dump" })];
  two.hookEngine.exitCode = 2;
  const hooks = service();
  const before = await comeRound(hooks.pre("blog", ["blog_data"], never));
  t.deepEqual(before, {
    consistent: false,
    notes: ['on node2: the command "dump" in container "db" ended with 2: no luck'],
  });
  const after = await comeRound(hooks.post("blog"));
  t.false(after.consistent);
  t.regex(after.notes.join(), /^on node2: the command "rm dump"/);
});

test("a node whose plugin is killed during the backup was not in step", async (t) => {
  const { two, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pause: "true" })];
  const hooks = service();
  t.true((await comeRound(hooks.pre("blog", ["blog_data"], never))).consistent);
  await two.crashAndBegin();
  await two.looked();
  const { consistent, notes } = await comeRound(hooks.post("blog"));
  t.false(consistent);
  t.regex(notes.join(), /on node2: .*started anew|on node2: .*before the backup was done/);
  t.deepEqual(two.hookEngine.calls, ["pause db", "unpause db"]);
});

test("a node that is lost after it has begun is named, and not waited for", async (t) => {
  const { two, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pause: "true" })];
  const hooks = service({ ...patient, lostMs: 3000 });
  await comeRound(hooks.pre("blog", ["blog_data"], never));
  await two.crash();
  const { consistent, notes } = await hooks.post("blog");
  t.false(consistent);
  t.regex(notes.join(), /node "node2" was not heard of again/);
  await two.begin();
});

test("a node whose answer is not there any more is not taken for one that did all", async (t) => {
  const { two, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pause: "true" })];
  const hooks = service();
  await comeRound(hooks.pre("blog", ["blog_data"], never));
  // Another service on this node takes back what it believes that a dead one has left.
  await service().recover();
  const { consistent, notes } = await comeRound(hooks.post("blog"));
  t.false(consistent);
  t.regex(notes.join(), /node "node2" was not heard of again/);
});

test("containers of the service's own engine are its own to see to, and stand still for no longer than before", async (t) => {
  const { one, two, service, comeRound, mounts } = await scene(t);
  await mounts(one);
  await mounts(two);
  const order: string[] = [];
  const own: Hooks = {
    pre: async () => {
      order.push(`pre after ${two.hookEngine.calls.join()}`);
      return { consistent: true, notes: ["own"] };
    },
    post: async () => {
      order.push(`post before ${two.hookEngine.calls.length - 1} more`);
      return { consistent: true, notes: [] };
    },
    recover: async () => ["brought back"],
  };
  one.hookEngine.name = "mine";
  for (const { hookEngine } of [one, two])
    hookEngine.containers = [hookContainer("db", { pause: "true" })];
  const hooks = service(patient, own, "mine");
  const { notes } = await comeRound(hooks.pre("blog", ["blog_data"], never));
  t.deepEqual(notes, ["own"]);
  await comeRound(hooks.post("blog"));
  t.deepEqual(order, ["pre after pause db", "post before 0 more"]);
  t.deepEqual(one.hookEngine.calls, []);
});

test("a service that is told to stop waits for nobody, and what a killed one asked is taken back by the next", async (t) => {
  const { two, storage, service, comeRound, mounts } = await scene(t);
  await mounts(two);
  two.hookEngine.containers = [hookContainer("db", { pause: "true" })];
  const stop = new AbortController();
  const hooks = service();
  await comeRound(hooks.pre("blog", ["blog_data"], stop.signal));
  stop.abort();
  await hooks.post("blog");
  t.deepEqual((await storage.list()).hookCalls, []);
  const killed = service();
  await comeRound(killed.pre("blog", ["blog_data"], never));
  t.is((await storage.list()).hookCalls?.length, 1);
  await service().recover();
  t.deepEqual((await storage.list()).hookCalls, []);
});
