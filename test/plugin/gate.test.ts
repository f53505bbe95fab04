// Who may mount, asked through the socket as Docker does, with the audit lines it leaves.
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";

function composed(project: string, service = "web"): Readonly<Record<string, string>> {
  return {
    "com.docker.compose.project": project,
    "com.docker.compose.service": service,
    "com.docker.compose.container-number": "1",
  };
}

function tasked(stack: string, service: string, node = "n1"): Readonly<Record<string, string>> {
  return {
    "com.docker.stack.namespace": stack,
    "com.docker.swarm.node.id": node,
    "com.docker.swarm.service.name": `${stack}_${service}`,
    "com.docker.swarm.task.name": `${stack}_${service}.1.x7k2`,
  };
}

async function ownerOf(plugin: PluginUnderTest, app: string): Promise<unknown> {
  const { text } = await plugin.docker.send("/Swarmnfs.App", JSON.stringify({ app }));
  const { record } = JSON.parse(text) as {
    record: { owner: { kind: string; name: string } | null };
  };
  return record.owner === null ? null : `${record.owner.kind} ${record.owner.name}`;
}

test("an app's own containers may mount, others are told who may and how to allow them", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  const message =
    'swarmnfs: "blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "tender_bell". To allow it: swarmnfs apps set blog services=blog,tender_bell';
  await t.throwsAsync(docker.run({ name: "tender_bell", volumes: ["blog_data"] }), { message });
  t.deepEqual(plugin.audits, [
    {
      audit: "allow",
      volume: "blog_data",
      consumers: ['container "blog-1"'],
      why: 'container "blog-1" by services=blog',
    },
    {
      audit: "deny",
      volume: "blog_data",
      consumers: ['container "tender_bell"'],
      why: message.slice("swarmnfs: ".length),
    },
  ]);
});

test("a volume made anew elsewhere under an old name is given to those of its new app alone", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  const there = new FakeDaemon(other);
  await docker.create("data", { app: "blog" });
  await there.removeVolume("data");
  await there.create("data", { app: "shop" });
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["data"] }), {
    message: /^swarmnfs: "data" belongs to app "shop"/,
  });
  t.is(plugin.mounter.table.size, 0);
  await docker.run({ name: "shop-1", volumes: ["data"] });
  t.regex(plugin.mounter.table.get("data")?.source ?? "", /\/apps\/shop\/data$/);
});

test("what the message advises helps", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await t.throwsAsync(docker.run({ name: "tender_bell", volumes: ["blog_data"] }));
  const change = { services: ["blog", "tender_bell"] };
  await plugin.docker.send("/Swarmnfs.SetApp", JSON.stringify({ app: "blog", change }));
  await docker.start("tender_bell");
  t.is(docker.container("tender_bell").state, "running");
});

test("a change of the rules made on another node counts before anyone is refused", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await other.looked();
  const change = { services: ["shop"] };
  await other.docker.send("/Swarmnfs.SetApp", JSON.stringify({ app: "blog", change }));
  await docker.run({ name: "shop-1", volumes: ["blog_data"] });
  t.is(docker.container("shop-1").state, "running");
});

test("without an app, whoever mounts first owns it; plain containers may until then", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  plugin.engine.swarmNode = "n1";
  await docker.run({ name: "tender_bell", volumes: ["wiki"] });
  t.is(await ownerOf(plugin, "wiki"), null);
  await docker.run({ name: "blog_web.1.x7k2", volumes: ["wiki"], labels: tasked("blog", "web") });
  t.is(await ownerOf(plugin, "wiki"), "stack blog");
  await t.throwsAsync(
    docker.run({ name: "shop-web-1", volumes: ["wiki"], labels: composed("shop") }),
    {
      message:
        'swarmnfs: "wiki" belongs to stack "blog", which mounted it first; this is compose project "shop" (service "web"). To allow it: swarmnfs apps set wiki services=blog,shop',
    },
  );
  await t.throwsAsync(docker.run({ name: "quiet_owl", volumes: ["wiki"] }), {
    message: /belongs to stack "blog"/,
  });
  const { Volume } = await docker.call("Get", { Name: "wiki" });
  t.regex(Volume?.Status?.owner ?? "", /^stack blog \(first, since \d{4}-\d\d-\d\d\)$/);
});

test("an app that was taken on another node is closed to plain containers at once", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.create("wiki");
  await new FakeDaemon(other).run({
    name: "a-web-1",
    volumes: ["wiki"],
    labels: composed("a"),
  });
  await t.throwsAsync(docker.run({ name: "quiet_owl", volumes: ["wiki"] }), {
    message: /belongs to compose project "a", which mounted it first/,
  });
  t.is(plugin.mounter.table.size, 0);
});

test("of two nodes whose projects mount a volume first at the same moment, one owns it", async (t) => {
  const one = await startPlugin(t);
  const two = await startPlugin(t, { sharedWith: one, node: "node2" });
  await new FakeDaemon(one).create("wiki");
  await two.looked();
  const outcomes = await Promise.allSettled([
    new FakeDaemon(one).run({ name: "a-web-1", volumes: ["wiki"], labels: composed("a") }),
    new FakeDaemon(two).run({ name: "b-web-1", volumes: ["wiki"], labels: composed("b") }),
  ]);
  t.deepEqual(outcomes.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  const winner = outcomes[0]?.status === "fulfilled" ? "a" : "b";
  t.is(await ownerOf(one, "wiki"), `project ${winner}`);
  t.is(await ownerOf(two, "wiki"), `project ${winner}`);
  const loser = outcomes.find((outcome) => outcome.status === "rejected");
  t.regex(
    String(loser?.reason),
    new RegExp(`belongs to compose project "${winner}", which mounted it first`),
  );
});

test("while several containers could be the one that starts, one that may not is enough to refuse", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  plugin.engine.add("shop-1", { volumes: ["blog_data"] });
  plugin.engine.add("blog-1", { volumes: ["blog_data"] });
  t.deepEqual(await docker.call("Mount", { Name: "blog_data", ID: newId() }), {
    Err: 'swarmnfs: "blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "shop-1". To allow it: swarmnfs apps set blog services=blog,shop-1 (container "blog-1" could be the one that starts as well; remove the container that is not needed)',
  });
  await docker.start("blog-1");
  t.is(docker.container("blog-1").state, "running");
});

test("labels that contradict the engine are refused, whatever the rules say", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  plugin.engine.swarmNode = "n1";
  await docker.create("everyones", { app: "shared" });
  await t.throwsAsync(
    docker.run({ name: "evil", volumes: ["everyones"], labels: tasked("blog", "web") }),
    {
      message:
        'swarmnfs: container "evil" is not what its labels say: they name task "blog_web.1.x7k2" of swarm service "blog_web", but a task\'s container has its name. Remove these labels from it',
    },
  );
});

test("a volume for other nodes is refused here", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog", hosts: "node2,web*" });
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["blog_data"] }), {
    message: /^swarmnfs: "blog_data" may be mounted on node2, web\*; this is node "node1"\. /,
  });
  const there = await startPlugin(t, { sharedWith: plugin, node: "WEB7.example.org" });
  await new FakeDaemon(there).run({ name: "blog-1", volumes: ["blog_data"] });
});

test("the whole storage is for the backup service alone", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  plugin.engine.swarmNode = "n1";
  await docker.create("everything", { root: "true" });
  await t.throwsAsync(docker.run({ name: "tender_bell", volumes: ["everything"] }), {
    message:
      'swarmnfs: "everything" is the whole storage: only "swarmnfs_backup" may mount it; this is container "tender_bell". To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME',
  });
  docker.removeContainer("tender_bell");
  await docker.run({
    name: "swarmnfs_backup.1.x7k2",
    volumes: ["everything"],
    labels: tasked("swarmnfs", "backup"),
  });
  t.like(plugin.mounter.table.get("everything"), { options: ["ro"] });
});

test("the whole storage is never given to a copy-up, nor by memory", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("everything", { root: "true" });
  const mount = { Name: "everything", ID: newId() };
  t.deepEqual(await docker.call("Mount", mount), {
    Err: 'swarmnfs: "everything" is the whole storage: mount it with nocopy',
  });
  plugin.engine.silent = true;
  t.regex((await docker.call("Mount", mount)).Err ?? "", /cannot be given to anyone now/);
  t.is(plugin.mounter.table.size, 0);
});

test("an engine too busy for a ping is asked again before a volume is refused that memory knows nothing of", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  plugin.engine.listMs = 2_000;
  plugin.engine.onAsk = async (method) => {
    if (method === "ping") throw new Error("too busy");
  };
  await docker.run({ name: "blog", volumes: ["blog_data"] });
  t.like(plugin.audits, [{ audit: "allow", consumers: ['container "blog"'] }]);
});

test("an app whose rules are missing on the storage gives its volumes to nobody", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  const { rm } = await import("node:fs/promises");
  await rm(`${plugin.storagePath}/.swarmnfs/apps`, { recursive: true });
  await rm(`${plugin.state}/catalog/apps`, { recursive: true });
  await plugin.crashAndBegin();
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["blog_data"] }), {
    message: /the rules of app "blog" are missing on the storage/,
  });
});
