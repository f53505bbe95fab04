// Who may mount when the engine cannot say who asks: it is switched off, or silent as at its own boot.
import test from "ava";
import { UserError } from "../../service/user-error.ts";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import type { FakeEngine } from "./fake-engine.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

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

test("an engine that is slow is waited for: memory does not answer for it", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  plugin.engine.listMs = 3_000;
  await t.throwsAsync(docker.run({ name: "evil", volumes: ["blog_data"] }), {
    message: /^swarmnfs: "blog_data" belongs to app "blog": .*; this is container "evil"/,
  });
  docker.removeContainer("evil");
  await docker.run({ name: "blog-2", volumes: ["blog_data"] });
  t.false(plugin.audits.some(({ why }) => why === "remembered"));
});

for (const [title, breakIt, words] of [
  [
    "far too slow",
    (engine: FakeEngine): unknown => (engine.listMs = 30_000),
    "Docker does not answer on /run/docker.sock",
  ],
  [
    "broken",
    (engine: FakeEngine): unknown => (engine.failure = new Error("(HTTP code 500) server error")),
    "(HTTP code 500) server error",
  ],
] as const) {
  test(`an engine that is there and ${title} gets a volume for nobody, but those for everyone`, async (t) => {
    const plugin = await startPlugin(t);
    const docker = new FakeDaemon(plugin);
    await docker.create("blog_data", { app: "blog" });
    await docker.create("everyones", { app: "shared" });
    await docker.run({ name: "blog-1", volumes: ["blog_data"] });
    breakIt(plugin.engine);
    t.deepEqual(await docker.call("Mount", { Name: "blog_data", ID: newId() }), {
      Err: `swarmnfs: "blog_data" cannot be mounted on node1: who asks for it cannot be told, since Docker does not say which containers there are: ${words}. Look at: docker ps --all`,
    });
    t.like(plugin.audits.at(-1), { audit: "deny", volume: "blog_data" });
    t.like(await docker.call("Mount", { Name: "everyones", ID: newId() }), {
      Mountpoint: "/mounts/everyones",
    });
  });
}

test("an engine that does not run this plugin is told of, and memory does not answer for it", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  await plugin.crashAndBegin();
  plugin.engine.failure = new UserError("denied", "the engine does not run this plugin");
  t.deepEqual(await docker.call("Mount", { Name: "blog_data", ID: newId() }), {
    Err: "swarmnfs: the engine does not run this plugin",
  });
});

test("a container that cannot be stopped keeps nobody else from being stopped", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  for (const volume of ["one", "two"]) {
    await docker.create(volume, { app: "blog" });
    await docker.run({ name: `blog-${volume}`, volumes: [volume] });
    await docker.stop(`blog-${volume}`);
    await docker.prepare({ name: `evil-${volume}`, volumes: [volume], restartPolicy: "always" });
  }
  plugin.engine.onStop = async (name) => {
    if (name === "evil-one") throw new UserError("unavailable", "Docker does not answer");
    await docker.stop(name);
  };
  await docker.boot();
  t.is(docker.container("evil-one").state, "running");
  await until("the other one is stopped", async () => {
    await plugin.reconcile();
    return docker.container("evil-two").state === "exited";
  });
  t.is(docker.container("evil-one").state, "running");
  plugin.engine.onStop = async (name) => docker.stop(name);
  await plugin.ageHolds(20_000);
  await plugin.reconcile();
  t.is(docker.container("evil-one").state, "exited");
  plugin.lines.length = 0;
});

test("what was allowed for a volume is not allowed for the next one of its name", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  const there = new FakeDaemon(other);
  await docker.create("data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["data"], restartPolicy: "always" });
  await docker.stop("blog-1");
  await until("it can be removed there", () =>
    there.removeVolume("data").then(
      () => true,
      () => false,
    ),
  );
  await there.create("data", { app: "shop" });
  await plugin.looked();
  await docker.boot();
  t.regex(docker.container("blog-1").error, /^swarmnfs: "data" cannot be given to anyone now/);
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
