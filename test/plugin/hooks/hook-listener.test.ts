// The backup service asks through the storage; nodes do what their containers' labels say, and nothing else.
import { randomUUID } from "node:crypto";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import type { HookAnswer, HookCall } from "../../../storage/records/hook-call.ts";
import { hookContainer } from "../../service/hooks/fake-hook-engine.ts";
import { create } from "../../storage/conformance.ts";
import { type Circumstances, type PluginUnderTest, startPlugin } from "../plugin-under-test.ts";
import { until } from "../until.ts";

/** Two nodes on one storage, with volumes of two apps, and the backup service's side of it. */
class Nodes {
  readonly one: PluginUnderTest;
  readonly two: PluginUnderTest;
  readonly storage: DirectoryStorage;
  call: HookCall;

  constructor(one: PluginUnderTest, two: PluginUnderTest, storage: DirectoryStorage) {
    this.one = one;
    this.two = two;
    this.storage = storage;
    this.call = {
      schema: 1,
      id: randomUUID(),
      app: "blog",
      volumes: ["blog_data"],
      phase: "pre",
      engine: null,
      node: "backups",
      calledAt: new Date().toISOString(),
    };
  }

  static async start(t: ExecutionContext, second: Circumstances = {}): Promise<Nodes> {
    const one = await startPlugin(t, { node: "node1" });
    const two = await startPlugin(t, { node: "node2", sharedWith: one, ...second });
    const place = { url: "dir:///srv/swarm", path: one.storagePath, trashDays: 30 };
    const storage = new DirectoryStorage({ ...place, makeRoot: false }, { clock: systemClock });
    await storage.open(null);
    t.teardown(() => storage.close());
    await create(storage, "blog_data", { app: "blog" });
    await create(storage, "shop_data", { app: "shop" });
    return new Nodes(one, two, storage);
  }

  async say(change: Partial<HookCall>): Promise<void> {
    this.call = { ...this.call, ...change };
    await this.storage.callHooks(this.call);
  }

  /** What is on the storage now was seen by the second node: of two looks one began after this call. */
  async seen(): Promise<void> {
    await this.two.looked();
    await this.two.looked();
  }

  async answerOf(node: string): Promise<HookAnswer | undefined> {
    return (await this.storage.hookAnswers(this.call.id)).find((each) => each.node === node);
  }

  /** The nodes come round until this one says so. */
  async said(node: string, state: HookAnswer["state"]): Promise<HookAnswer> {
    let answer: HookAnswer | undefined;
    await until(
      `${node} says ${state}`,
      async () => {
        await Promise.all([this.one.looked(), this.two.looked()]);
        answer = await this.answerOf(node);
        return answer?.state === state;
      },
      60_000,
    );
    if (answer === undefined) throw new Error("it was there");
    return answer;
  }
}

test("containers of every node are brought into the state that their labels ask for, and back", async (t) => {
  const nodes = await Nodes.start(t);
  nodes.one.hookEngine.containers = [hookContainer("web", {})];
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pre: "flush", post: "unflush", pause: "true" })];
  await nodes.say({});
  t.like(await nodes.said("node1", "nothing"), { consistent: true, notes: [] });
  t.like(await nodes.said("node2", "ready"), { consistent: true, notes: [] });
  t.deepEqual(hookEngine.calls, ["run db flush", "pause db"]);
  await nodes.say({ phase: "post" });
  t.like(await nodes.said("node2", "over"), { consistent: true, notes: [] });
  t.deepEqual(hookEngine.calls.slice(2), ["unpause db", "run db unflush"]);
  t.deepEqual(nodes.one.hookEngine.calls, []);
  const audits = nodes.two.lines.filter(({ audit }) => audit === "hooks");
  t.deepEqual(
    audits.map(({ app, from, msg }) => [app, from, msg]),
    [
      ["blog", "backups", "before a backup"],
      ["blog", "backups", "after a backup"],
    ],
  );
});

test("a container comes back when the call goes, or is not written anew for three minutes, and is left alone then", async (t) => {
  for (const end of ["goes", "is silent"]) {
    const nodes = await Nodes.start(t);
    const { hookEngine } = nodes.two;
    hookEngine.containers = [hookContainer("db", { pause: "true" })];
    await nodes.say({});
    await nodes.said("node2", "ready");
    const { id } = nodes.call;
    const file = join(nodes.one.storagePath, ".swarmnfs/hooks", id, "called.json");
    const old = new Date(Date.now() - 200_000);
    if (end === "goes") await nodes.storage.endHooks(id);
    else await utimes(file, old, old);
    // Without anybody asking the plugin for anything: it looks by itself while it has something to bring back.
    await until(
      `it is back when the call ${end}`,
      () => hookEngine.calls.includes("unpause db"),
      60_000,
    );
    await nodes.say({});
    await nodes.seen();
    t.deepEqual(hookEngine.calls, ["pause db", "unpause db"], end);
  }
});

test("fault 26: a plugin that is killed in the middle brings its containers back, and says that it was not in step", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pause: "true", post: "unflush" })];
  await nodes.say({});
  await nodes.said("node2", "ready");
  await nodes.two.crashAndBegin();
  await until("it is back", () => hookEngine.calls.includes("run db unflush"), 60_000);
  const { consistent, notes } = await nodes.said("node2", "over");
  t.false(consistent);
  t.regex(notes.join(), /its plugin was started anew in the middle of it/);
  t.deepEqual(hookEngine.calls, ["pause db", "unpause db", "run db unflush"]);
});

test("one that is stopped brings them back before it ends", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pause: "true" })];
  await nodes.say({});
  await nodes.said("node2", "ready");
  await nodes.two.stop();
  t.deepEqual(hookEngine.calls, ["pause db", "unpause db"]);
  await nodes.two.begin();
});

test("one that had nothing to do says so again after a restart", async (t) => {
  const nodes = await Nodes.start(t);
  await nodes.say({});
  await nodes.said("node2", "nothing");
  await nodes.two.crashAndBegin();
  await nodes.two.looked();
  t.like(await nodes.said("node2", "nothing"), { consistent: true });
});

test("a node without Docker says that it does not see its containers", async (t) => {
  const nodes = await Nodes.start(t, { withEngine: false });
  await nodes.say({});
  const { consistent, notes } = await nodes.said("node2", "nothing");
  t.true(consistent);
  t.regex(notes.join(), /does not see Docker/);
});

test("a node whose engine does not answer says that it could not ask", async (t) => {
  const nodes = await Nodes.start(t);
  nodes.two.hookEngine.failing.add("list");
  await nodes.say({});
  const { consistent, notes } = await nodes.said("node2", "nothing");
  t.false(consistent);
  t.regex(notes.join(), /could not be asked for: the engine is away/);
});

test("what fails on a node is told, and the containers come back all the same", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pre: "dump", pause: "true" })];
  hookEngine.exitCode = 2;
  await nodes.say({});
  const { consistent, notes } = await nodes.said("node2", "ready");
  t.false(consistent);
  t.deepEqual(notes, ['the command "dump" in container "db" ended with 2: no luck']);
  await nodes.say({ phase: "post" });
  await nodes.said("node2", "over");
  t.deepEqual(hookEngine.calls.at(-1), "unpause db");
});

test("containers of the engine that the service sees to by itself are left to it", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pause: "true" })];
  hookEngine.name = "the service's own";
  await nodes.say({ engine: "the service's own" });
  await nodes.said("node2", "nothing");
  t.deepEqual(hookEngine.calls, []);
});

test("a call reaches no further than the app's own volumes, and carries no command", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [
    hookContainer("shop", { pause: "true", pre: "flush" }),
    hookContainer("blog", { pre: "mine" }),
  ];
  hookEngine.mounts.set("shop", ["shop_data"]);
  hookEngine.mounts.set("blog", ["blog_data"]);
  const forged = { pre: "rm -rf /", command: "rm -rf /", labels: { "swarmnfs.backup.pre": "rm" } };
  await nodes.say({ volumes: ["blog_data", "shop_data", "unknown"], ...forged });
  await nodes.said("node2", "ready");
  t.deepEqual(hookEngine.calls, ["run blog mine"]);
});

test("the end of a backup is not waited for by what has not ended before it", async (t) => {
  const nodes = await Nodes.start(t);
  const { hookEngine } = nodes.two;
  hookEngine.containers = [hookContainer("db", { pre: "dump", pause: "true" })];
  const ended = Promise.withResolvers<void>();
  hookEngine.onRun = () => ended.promise;
  await nodes.say({});
  await nodes.said("node2", "begun");
  await until("it runs", () => hookEngine.calls.includes("run db dump"), 60_000);
  await nodes.say({ phase: "post" });
  await nodes.seen();
  ended.resolve();
  await nodes.said("node2", "over");
  t.deepEqual(hookEngine.calls, ["run db dump"], "it was not paused any more");
});
