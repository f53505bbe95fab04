// Who may mount, asked through the socket as Docker does, with the audit lines it leaves.
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

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

test("without Docker's socket only volumes for everyone can be mounted", async (t) => {
  const plugin = await startPlugin(t, { withEngine: false });
  const docker = new FakeDaemon(plugin);
  await docker.create("everyones", { app: "shared" });
  await docker.create("blog_data", { app: "blog" });
  await docker.create("wiki");
  t.deepEqual(await docker.call("Mount", { Name: "everyones", ID: newId() }), {
    Mountpoint: "/mounts/everyones",
  });
  for (const name of ["blog_data", "wiki"]) {
    t.deepEqual(await docker.call("Mount", { Name: name, ID: newId() }), {
      Err: `swarmnfs: "${name}" is not for everyone, and without Docker's socket nobody can be told apart. Set SWARMNFS_DOCKER, or let every container of this node mount everything: SWARMNFS_WITHOUT_DOCKER=trust-node`,
    });
  }
});

test("trust-node lets every container of a node mount what the node may", async (t) => {
  const plugin = await startPlugin(t, {
    withEngine: false,
    environment: { SWARMNFS_WITHOUT_DOCKER: "trust-node" },
  });
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.create("theirs", { app: "shop", hosts: "node2" });
  await docker.create("everything", { root: "true" });
  t.deepEqual(await docker.call("Mount", { Name: "blog_data", ID: newId() }), {
    Mountpoint: "/mounts/blog_data",
  });
  t.regex(
    (await docker.call("Mount", { Name: "theirs", ID: newId() })).Err ?? "",
    /may be mounted on node2; this is node "node1"/,
  );
  t.regex(
    (await docker.call("Mount", { Name: "everything", ID: newId() })).Err ?? "",
    /without Docker's socket nobody can be told apart/,
  );
});

test("a volume for everyone that another node made can be mounted without Docker's socket", async (t) => {
  const plugin = await startPlugin(t, { withEngine: false });
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).create("everyones", { app: "shared" });
  t.deepEqual(await plugin.docker.call("Mount", { Name: "everyones", ID: newId() }), {
    Mountpoint: "/mounts/everyones",
  });
});

test("a volume made for other nodes is refused even where this node never saw its app", async (t) => {
  const plugin = await startPlugin(t, {
    withEngine: false,
    environment: { SWARMNFS_WITHOUT_DOCKER: "trust-node" },
  });
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).create("theirs", { app: "shop", hosts: "node2" });
  t.regex(
    (await plugin.docker.call("Mount", { Name: "theirs", ID: newId() })).Err ?? "",
    /may be mounted on node2; this is node "node1"/,
  );
});

test("while Docker is silent at its boot, who was allowed before gets the volume, and is checked after", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"], restartPolicy: "always" });
  docker.die();
  await plugin.reboot("boot-2");
  await docker.boot();
  t.is(docker.container("blog-1").state, "running", docker.container("blog-1").error);
  await plugin.ageHolds(20_000);
  await plugin.reconcile();
  t.deepEqual(plugin.engine.calls, []);
  t.deepEqual(
    plugin.audits.map(({ audit, why }) => `${audit} ${String(why)}`),
    [
      'allow container "blog-1" by services=blog',
      "allow remembered",
      'allow container "blog-1" by services=blog',
    ],
  );
});

test("while Docker is silent, a volume that nobody was allowed before is refused", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.prepare({ name: "blog-1", volumes: ["blog_data"], restartPolicy: "always" });
  await docker.boot();
  t.is(
    docker.container("blog-1").error,
    'swarmnfs: "blog_data" cannot be given to anyone now: Docker does not answer on /run/docker.sock, and on node "node1" nobody was allowed to mount it before. Try again when Docker answers: docker info',
  );
});

test("while Docker is silent, a volume for everyone is given to anyone", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("everyones", { app: "shared" });
  await docker.prepare({ name: "web", volumes: ["everyones"], restartPolicy: "always" });
  await docker.boot();
  t.is(docker.container("web").state, "running");
});

test("who got a volume by somebody else's remembered grant is stopped as soon as Docker speaks", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"], restartPolicy: "always" });
  await docker.prepare({ name: "evil", volumes: ["blog_data"], restartPolicy: "always" });
  docker.die();
  await plugin.reboot("boot-2");
  plugin.engine.onStop = async (name) => docker.stop(name);
  await docker.boot();
  t.is(docker.container("evil").state, "running");

  await until("it is stopped by itself", () => docker.container("evil").state === "exited");
  t.deepEqual(plugin.engine.calls, ["stop evil"]);
  t.is(docker.container("blog-1").state, "running");
  await plugin.reconcile();
  t.deepEqual(plugin.engine.calls, ["stop evil"]);
  const stop = plugin.lines.find(({ audit }) => audit === "stop");
  t.like(stop, { volume: "blog_data", container: "evil" });
  t.regex(String(stop?.["reason"]), /^"blog_data" belongs to app "blog": /);
});

test("who got a volume by memory is checked also when it is listed as running only later", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  await docker.prepare({ name: "evil", volumes: ["blog_data"] });
  plugin.engine.silent = true;
  await docker.start("evil");
  docker.container("evil").state = "created";
  plugin.engine.silent = false;
  await plugin.reconcile();
  docker.container("evil").state = "running";
  plugin.engine.onStop = async (name) => docker.stop(name);
  await plugin.reconcile();
  t.is(docker.container("evil").state, "exited");
});

test("a remembered grant outlives the plugin and is forgotten with the volume", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  await docker.stop("blog-1");
  docker.removeContainer("blog-1");
  await docker.removeVolume("blog_data");
  await docker.create("blog_data", { app: "blog" });
  await plugin.crashAndBegin();
  plugin.engine.silent = true;
  t.regex(
    (await docker.call("Mount", { Name: "blog_data", ID: newId() })).Err ?? "",
    /nobody was allowed to mount it before/,
  );
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
