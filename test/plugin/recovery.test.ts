// Crashes, restarts and leaks: what the plugin finds when it comes back, and what it makes of it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

interface Row {
  readonly volume: string;
  readonly holders: readonly { readonly id: string; readonly count: number }[];
}

async function rows(plugin: PluginUnderTest): Promise<Row[]> {
  const text = await readFile(join(plugin.state, "mounts.json"), "utf8");
  return (JSON.parse(text) as { rows: Row[] }).rows;
}

test("who holds a volume is on disk before Docker is answered", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  t.like(await rows(plugin), [
    { volume: "v", holders: [{ id: docker.holds().get("v")?.[0], count: 1 }] },
  ]);
  await docker.stop("web");
  t.like(await rows(plugin), [{ volume: "v", holders: [] }]);
});

test("mounts survive a crash, and their containers unmount as ever", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "one", volumes: ["v"] });
  await docker.run({ name: "two", volumes: ["v"] });
  await plugin.crashAndBegin();
  await docker.stop("one");
  await plugin.reconcile();
  t.deepEqual(plugin.mounter.calls, ["mount v"]);
  await plugin.crashAndBegin();
  await docker.stop("two");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
});

test("a crash between Unmount and the unmount leaves nothing mounted", async (t) => {
  const plugin = await startPlugin(t, { lingerMs: 60_000 });
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  await docker.stop("web");
  await plugin.crashAndBegin();
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.pass();
});

test("the same without Docker's socket: nobody would ever look again", async (t) => {
  const plugin = await startPlugin(t, { withEngine: false });
  await plugin.docker.call("Create", { Name: "v", Opts: { app: "shared" } });
  const hold = { Name: "v", ID: newId() };
  await plugin.docker.call("Mount", hold);
  await plugin.docker.call("Unmount", hold);
  await plugin.crashAndBegin();
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.pass();
});

test("a mount that was under way when the plugin was killed is found later", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  plugin.mounter.valve.close();
  const start = docker.start("web").catch(() => undefined);
  await until("mount(8) runs", () => plugin.mounter.valve.waiting === 1);
  await plugin.crashAndBegin();
  await start;
  await plugin.reconcile();
  plugin.mounter.valve.open();
  await until("it is mounted", () => plugin.mounter.table.size === 1);
  await plugin.reconcile();
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.pass();
});

test("a mount(8) that was killed with the plugin is not in the way of the next", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  await plugin.crash();
  plugin.mounter.table.set("v", { type: "bind", source: "/somewhere/else", options: [] });
  await plugin.begin();
  await docker.run({ name: "two", volumes: ["v"] });
  t.regex(plugin.mounter.table.get("v")?.source ?? "", /\/apps\/v\/v$/);
});

test("a mount that somebody took away is made anew for the next container", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "one", volumes: ["v"] });
  plugin.mounter.table.delete("v");
  await docker.run({ name: "two", volumes: ["v"] });
  t.true(plugin.mounter.table.has("v"));
});

test("after a reboot nothing is held and nothing is thought to be mounted", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  docker.die();
  await plugin.reboot("boot-2");
  t.like((await docker.call("Get", { Name: "v" })).Volume?.Status, {
    state: "idle",
    mountedOn: [],
  });
  await plugin.reconcile();
  t.deepEqual(await rows(plugin), []);
  docker.removeContainer("web");
  await docker.removeVolume("v");
});

test("a container that died with dockerd, whose Unmount never came, is noticed after a while", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  docker.die();
  await docker.boot();
  await plugin.reconcile();
  t.true(plugin.mounter.table.has("v"), "too early: a container may be about to start");
  await plugin.ageHolds(3_600_000);
  await plugin.reconcile();
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
});

test("a clock that is set forward takes no mount away from a container that starts", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  await docker.start("web");
  docker.container("web").state = "created";
  await plugin.setClockForward(7_200_000);
  await plugin.reconcile();
  t.true(plugin.mounter.table.has("v"));
  docker.container("web").state = "running";
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
});

test("Docker copying an image's many files into a volume, for whom nobody is listed yet, is let finish", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog" });
  await docker.call("Mount", { Name: "v", ID: newId() });
  await plugin.ageHolds(600_000);
  await plugin.reconcile();
  t.true(plugin.mounter.table.has("v"));
  await plugin.ageHolds(3_600_000);
  await plugin.reconcile();
  t.false(plugin.mounter.table.has("v"));
});

test("so it is by an engine that lists the container meanwhile as created", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  await docker.call("Mount", { Name: "v", ID: newId() });
  await plugin.ageHolds(600_000);
  await plugin.reconcile();
  t.true(plugin.mounter.table.has("v"));
  docker.removeContainer("web");
  await plugin.reconcile();
  t.false(plugin.mounter.table.has("v"));
});

test("a volume that cannot be unmounted keeps none of the others mounted", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "one", volumes: ["a"] });
  await docker.run({ name: "two", volumes: ["b"] });
  docker.die();
  const { mounter } = plugin;
  const unmount = mounter.unmount.bind(mounter);
  mounter.unmount = async (name) => {
    if (name === "a") throw new Error("it is stuck");
    await unmount(name);
  };
  await plugin.ageHolds(3_600_000);
  await plugin.reconcile();
  t.deepEqual([...mounter.table.keys()], ["a"]);
  mounter.unmount = unmount;
  await plugin.reconcile();
  t.is(mounter.table.size, 0);
  plugin.lines.length = 0;
});

test("an engine that needs seconds to answer is waited for", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  docker.die();
  await plugin.ageHolds(3_600_000);
  plugin.engine.identifyMs = 3_500;
  plugin.engine.listMs = 3_500;
  await plugin.reconcile();
  t.is(plugin.mounter.table.size, 0);
});

test("nothing is taken away while Docker is silent", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  docker.container("web").state = "exited";
  plugin.engine.silent = true;
  await plugin.ageHolds(3_600_000);
  await t.throwsAsync(plugin.reconcile(), { message: /Docker does not answer/ });
  t.true(plugin.mounter.table.has("v"));
  t.regex(
    (await docker.call("Remove", { Name: "v" })).Err ?? "",
    /^swarmnfs: "v" is mounted on node1 \(container "web"\)\. Remove the service or container first$/,
  );
});

test("a container that Docker keeps running without our mount still counts as a use", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  // docker plugin disable -f: Docker unmounts below our feet, containers go on.
  await plugin.crash();
  plugin.mounter.table.clear();
  await plugin.begin();
  await plugin.reconcile();
  t.regex(
    (await docker.call("Remove", { Name: "v" })).Err ?? "",
    /^swarmnfs: "v" is mounted on node1 \(container "web"\)/,
  );
  await other.looked();
  t.regex((await other.docker.call("Remove", { Name: "v" })).Err ?? "", /^swarmnfs: .*"v".*node1/);
});

test("a volume that is mounted elsewhere is not removed, in words that say where", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  const there = new FakeDaemon(other);
  await t.throwsAsync(there.removeVolume("v"), { message: /^swarmnfs: .*node1/ });
  await other.looked();
  t.like((await there.call("Get", { Name: "v" })).Volume?.Status, { mountedOn: ["node1"] });
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  await until("it can be removed there", () =>
    there.removeVolume("v").then(
      () => true,
      () => false,
    ),
  );
});

test("a failed mount leaves no sign of use that would keep other nodes from removing the volume", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.create("v");
  plugin.mounter.failure = "mount failed: no such device";
  await t.throwsAsync(docker.run({ name: "web", volumes: ["v"] }));
  const there = new FakeDaemon(other);
  await until("it can be removed there", () =>
    there.removeVolume("v").then(
      () => true,
      () => false,
    ),
  );
  t.pass();
});

test("a volume whose unmount was lost is removed when Docker, which knows of no container, asks", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  docker.container("web").state = "exited";
  t.deepEqual(await docker.call("Remove", { Name: "v" }), {});
  t.is(plugin.mounter.table.size, 0);
  t.deepEqual(await rows(plugin), []);
});
