// The seventeen cases of Docker's own tests for volume plugins (docker_cli_external_volume_driver_test.go), as far as
// they concern the plugin's side of the socket.
import test from "ava";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

function count(calls: readonly string[], verb: string): number {
  return calls.filter((call) => call === verb || call.startsWith(`${verb} `)).length;
}

test("Named: a container with a named volume mounts it once and unmounts it once", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("external-volume-test");
  await docker.run({ name: "web", volumes: ["external-volume-test"] });
  t.true(plugin.mounter.table.has("external-volume-test"));
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  await docker.removeVolume("external-volume-test");

  const { calls } = plugin.docker;
  t.deepEqual(
    ["Create", "Mount", "Unmount", "Remove"].map((verb) => count(calls, verb)),
    [1, 1, 1, 1],
  );
});

test("Unnamed: an anonymous volume of 64 hexadecimal digits lives and goes with its container", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  const name = "4f8e".repeat(16);
  await docker.run({ name: "web", volumes: [name] });
  await docker.stop("web");
  docker.removeContainer("web");
  await docker.removeVolume(name);
  t.deepEqual(await docker.volumes(), []);
});

test("VolumesFrom: two containers share one mount until the last one ends", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "vol-test1", volumes: ["v"] });
  await docker.run({ name: "vol-test2", volumes: ["v"] });
  await docker.stop("vol-test1");
  t.true(plugin.mounter.table.has("v"));
  await docker.stop("vol-test2");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.deepEqual(plugin.mounter.calls, ["mount v", "unmount v"]);
});

test("DeleteContainer: removing a container asks nothing of the plugin", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "vol-test1", volumes: ["v"] });
  await docker.stop("vol-test1");
  const before = plugin.docker.calls.length;
  docker.removeContainer("vol-test1");
  t.is(plugin.docker.calls.length, before);
  t.deepEqual(await docker.volumes(), ["v"]);
});

test("LookupNotBlocked: a volume that hangs in Mount blocks neither List nor another volume", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("stuck");
  await docker.create("free");
  plugin.weatherOf.set("attach", "silent");
  void docker.run({ name: "one", volumes: ["stuck"] }).catch(() => undefined);
  await until("Mount is under way", () => count(plugin.docker.calls, "Mount") === 1);
  t.deepEqual((await docker.volumes()).toSorted(), ["free", "stuck"]);
  t.true(await docker.get("stuck"));
  plugin.weatherOf.delete("attach");
  await docker.run({ name: "two", volumes: ["free"] });
  t.true(plugin.mounter.table.has("free"));
});

test("RetryNotImmediatelyExists: Docker finds a plugin that comes a moment later", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v");
  await plugin.crash();
  await t.throwsAsync(docker.get("v"), { code: "ENOENT" });
  await plugin.begin();
  t.true(await docker.get("v"));
});

test("BindExternalVolume: a volume that another node made is used without being created here", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).create("foo", { app: "blog", services: "*" });
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "testing", volumes: ["foo"] });
  t.is(count(plugin.docker.calls, "Create"), 0);
  t.regex(plugin.mounter.table.get("foo")?.source ?? "", /\/apps\/blog\/foo$/);
});

test("List: every volume is told once, with its name", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  for (const name of ["abc3", "abc1", "abc2"]) await docker.create(name);
  t.deepEqual((await docker.volumes()).toSorted(), ["abc1", "abc2", "abc3"]);
});

test("Get: an unknown volume is an error, a known one has its status", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  t.deepEqual(await docker.call("Get", { Name: "dummy" }), {
    Err: 'swarmnfs: no such volume: "dummy"',
  });
  await docker.create("test", { app: "blog" });
  const { Volume } = await docker.call("Get", { Name: "test" });
  t.is(Volume?.Name, "test");
  t.like(Volume?.Status, {
    app: "blog",
    path: "apps/blog/test",
    state: "idle",
    health: "ok",
    mountedOn: [],
  });
});

test("WithDaemonRestart: after a restart of everything the container gets its volume again", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["abc1"], restartPolicy: "always" });
  await docker.stop("web");
  await plugin.stop();
  await plugin.begin();
  await docker.boot();
  t.is(docker.container("web").state, "running", docker.container("web").error);
  t.true(plugin.mounter.table.has("abc1"));
});

test("GetEmptyResponse: an error of Get is never an empty object", async (t) => {
  const plugin = await startPlugin(t);
  for (const Name of ["abc3", "", "a/b"]) {
    const answer = await plugin.docker.call("Get", { Name });
    t.regex(answer.Err ?? "", /^swarmnfs: /);
    t.false("Volume" in answer);
  }
});

test("PathCalls: Path names the place a container would see, mounted or not", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  t.is(count(plugin.docker.calls, "Path"), 0);
  t.deepEqual(await docker.call("Path", { Name: "v" }), { Mountpoint: "/mounts/v" });
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.deepEqual(await docker.call("Path", { Name: "v" }), { Mountpoint: "/mounts/v" });
});

test("MountID: a container that could not start leaves no hold of its ids", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v");
  plugin.mounter.failure = "mount failed: no such device";
  await t.throwsAsync(docker.run({ name: "web", volumes: ["v"] }), { message: /no such device/ });
  plugin.mounter.failure = null;
  await docker.start("web");
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.pass();
});

test("Capabilities: the scope is global", async (t) => {
  const plugin = await startPlugin(t);
  t.deepEqual(await plugin.docker.call("Capabilities"), { Capabilities: { Scope: "global" } });
});

test("OutOfBandDelete: a volume removed on another node can be made anew here", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  await docker.create("test");
  const there = new FakeDaemon(other);
  await there.removeVolume("test");
  await plugin.looked();
  t.false(await docker.get("test"));
  await docker.create("test");
  t.true(await docker.get("test"));
});

test("UnmountOnMountFail: a mount that failed is not followed by an unmount, and holds nothing", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("test");
  plugin.mounter.failure = "mount failed: access denied by server";
  await t.throwsAsync(docker.run({ name: "web", volumes: ["test"] }), {
    message: 'swarmnfs: "test" cannot be mounted on node1: mount failed: access denied by server',
  });
  t.is(count(plugin.docker.calls, "Unmount"), 0);
  docker.removeContainer("web");
  await docker.removeVolume("test");
  t.deepEqual(await docker.volumes(), []);
});

test("UnmountOnCp: docker cp mounts with the running container's id and never takes its volume away", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "test", volumes: ["test"] });
  await docker.copy("test");
  await docker.copy("test");
  await plugin.crashAndBegin();
  await docker.copy("test");
  await plugin.reconcile();
  t.deepEqual(plugin.mounter.calls, ["mount test"]);
  await docker.stop("test");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.deepEqual(plugin.mounter.calls, ["mount test", "unmount test"]);
});
