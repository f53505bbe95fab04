// What happens when somebody does not answer: the storage, mount(8), or Docker itself, which hangs up.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";
import { Valve } from "./valve.ts";

/** So long ago did a request arrive that a moment is left of its 22 s. */
const almostOver = 21_900;

async function mountRows(plugin: PluginUnderTest): Promise<unknown> {
  const { text } = await plugin.docker.send("/Swarmnfs.Status", "{}");
  return (JSON.parse(text) as { mounted: unknown }).mounted;
}

test("known volumes are told at once while the storage is silent, also after a restart", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog" });
  plugin.weather = "silent";
  for (const _ of ["before", "after"]) {
    t.deepEqual(await docker.volumes(), ["v"]);
    t.true(await docker.get("v"));
    t.deepEqual(await docker.call("Path", { Name: "v" }), { Mountpoint: "/mounts/v" });
    t.deepEqual(await docker.call("Capabilities"), { Capabilities: { Scope: "global" } });
    await plugin.stop();
    await plugin.begin();
  }
});

test("a volume's record survives a crash right after its creation, while the storage is away", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog" });
  plugin.weather = "silent";
  await plugin.crashAndBegin();
  t.deepEqual(await docker.volumes(), ["v"]);
});

test("so does one that another node made and this one was asked for", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).create("v", { app: "blog" });
  t.true(await new FakeDaemon(plugin).get("v"));
  plugin.weather = "silent";
  await plugin.crashAndBegin();
  t.true(await new FakeDaemon(plugin).get("v"));
});

for (const weather of ["silent", "refusing"] as const) {
  test(`while the storage is ${weather} and what was known is lost, an unknown name is not answered: Docker would forget a volume`, async (t) => {
    const plugin = await startPlugin(t);
    const docker = new FakeDaemon(plugin);
    docker.known.add("theirs");
    await plugin.stop();
    await rm(join(plugin.state, "catalog/whole"));
    plugin.weather = weather;
    await plugin.begin();
    await t.throwsAsync(docker.get("theirs"), { code: "ECONNRESET" });
    t.true(docker.known.has("theirs"));
  });

  test(`while the storage is ${weather}, a name this node never knew is answered: unrelated volumes do not wait`, async (t) => {
    const plugin = await startPlugin(t);
    plugin.weather = weather;
    const no = { Err: 'swarmnfs: no such volume: "unrelated"' };
    t.deepEqual(await plugin.docker.call("Get", { Name: "unrelated" }), no);
    await plugin.stop();
    await plugin.begin();
    t.deepEqual(await plugin.docker.call("Get", { Name: "unrelated" }), no);
  });

  test(`while the storage is ${weather}, every other verb on an unknown name says so in words`, async (t) => {
    const plugin = await startPlugin(t);
    plugin.weather = weather;
    const answers = await Promise.all(
      ["Mount", "Remove", "Path"].map((verb) =>
        plugin.docker.call(verb, { Name: "theirs", ID: newId() }),
      ),
    );
    const Err =
      'swarmnfs: volume "theirs" is unknown here, and the storage cannot be asked. Try again when it answers: swarmnfs doctor';
    t.deepEqual(answers, [{ Err }, { Err }, { Err }]);
  });
}

test("a slow storage is waited for: Docker would make a local volume of a name that another node made", async (t) => {
  const plugin = await startPlugin(t, { lookupBoundMs: 60_000 });
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).create("v", { app: "blog" });
  plugin.weatherOf.set("get", "slow");
  const asked = new FakeDaemon(plugin).get("v");
  await until("the storage is asked", () => plugin.asked.get("get") === 1);
  await plugin.looked();
  plugin.weatherOf.delete("get");
  t.true(await asked);
});

test("many questions for one unknown name are one question to the storage", async (t) => {
  const plugin = await startPlugin(t);
  plugin.weatherOf.set("get", "silent");
  const gets = Array.from({ length: 20 }, () => plugin.docker.call("Get", { Name: "plain" }));
  await Promise.allSettled(gets);
  t.is(plugin.asked.get("get"), 1);
  plugin.weatherOf.delete("get");
  t.deepEqual(await plugin.docker.call("Get", { Name: "plain" }), {
    Err: 'swarmnfs: no such volume: "plain"',
  });
});

test("a mount whose storage does not answer ends with its deadline, and nothing is held", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog", services: "*" });
  plugin.weatherOf.set("attach", "silent");
  plugin.waitedMs = almostOver;
  t.deepEqual(await docker.call("Mount", { Name: "v", ID: newId() }), {
    Err: 'swarmnfs: "v" cannot be mounted on node1: its storage did not answer in time. Nothing is lost; try again. See: swarmnfs doctor',
  });
  t.is(await mountRows(plugin), 0);
});

for (const [verb, method] of [
  ["Create", "create"],
  ["Remove", "remove"],
] as const) {
  test(`${verb} ends with its deadline when the storage does not answer`, async (t) => {
    const plugin = await startPlugin(t);
    const docker = new FakeDaemon(plugin);
    await docker.create("v");
    plugin.weatherOf.set(method, "silent");
    plugin.waitedMs = almostOver;
    t.deepEqual(await docker.call(verb, { Name: verb === "Create" ? "w" : "v" }), {
      Err: "swarmnfs: the storage did not answer in time. It may still do what was asked; try again. See: swarmnfs doctor",
    });
  });
}

test("a mount(8) that comes back after its deadline is taken away again", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog", services: "*" });
  plugin.mounter.valve.close();
  // Enough for a busy machine to get as far as mount(8).
  plugin.waitedMs = almostOver - 1_500;
  await t.throwsAsync(docker.run({ name: "web", volumes: ["v"] }), { message: /in time/ });
  plugin.mounter.valve.open();
  await until("it is mounted and unmounted", () => plugin.mounter.calls.includes("unmount v"));
  t.is(plugin.mounter.table.size, 0);
});

test("a hold is undone when Docker hung up before its answer", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  plugin.mounter.valve.close();
  await plugin.docker.hangUpOn("Mount", { Name: "v", ID: newId() }, () =>
    until("mount(8) runs", () => plugin.mounter.valve.waiting === 1),
  );
  plugin.mounter.valve.open();
  await until("it is unmounted", () => plugin.mounter.calls.includes("unmount v"));
  t.is(plugin.mounter.table.size, 0);
  await docker.removeVolume("v");
});

test("of two who wait for one mount, the one who stays gets it and keeps it", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  plugin.mounter.valve.close();
  let staying = Promise.resolve();
  await plugin.docker.hangUpOn("Mount", { Name: "v", ID: newId() }, async () => {
    await until("mount(8) runs", () => plugin.mounter.valve.waiting === 1);
    staying = docker.start("web");
    await until("the second is allowed as well", () => plugin.audits.length === 2);
  });
  plugin.mounter.valve.open();
  await staying;
  await plugin.reconcile();
  t.deepEqual(plugin.mounter.calls, ["mount v"]);
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
});

test("a request that Docker gave up while the plugin was still loading does nothing", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  plugin.door.close();
  await plugin.docker.hangUpOn("Mount", { Name: "v", ID: newId() }, () =>
    until("it waits", () => plugin.door.waiting === 1),
  );
  plugin.door.open();
  await plugin.looked();
  t.is(await mountRows(plugin), 0);
  t.is(plugin.mounter.table.size, 0);
});

test("a removal that Docker gave up removes nothing any more", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  await docker.stop("web");
  docker.removeContainer("web");
  const listing = new Valve();
  listing.close();
  plugin.engine.onAsk = () => listing.passed();
  await plugin.docker.hangUpOn("Remove", { Name: "v" }, () =>
    until("it is asked who holds it", () => listing.waiting > 0),
  );
  await until("the plugin has heard it", async () => (await plugin.connections()) === 0);
  listing.open();
  // Waits its turn behind the first, and is the only one that asks the storage.
  t.deepEqual(await plugin.docker.call("Remove", { Name: "v" }), {});
  t.is(plugin.asked.get("remove"), 1);
});

test("those who wait for one mount that fails all hear the same, after one attempt", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  plugin.mounter.valve.close();
  plugin.mounter.failure = "mount failed: server not responding";
  const calls = Array.from({ length: 10 }, () =>
    plugin.docker.call("Mount", { Name: "v", ID: newId() }),
  );
  await until("mount(8) runs", () => plugin.mounter.valve.waiting === 1);
  await until(
    "all wait",
    () => plugin.docker.calls.filter((call) => call === "Mount v").length === 10,
  );
  // Each of them has asked the engine by the time an eleventh request was answered.
  await plugin.looked();
  plugin.mounter.valve.open();
  const answers = new Set((await Promise.all(calls)).map(({ Err }) => Err));
  t.deepEqual(
    [...answers],
    ['swarmnfs: "v" cannot be mounted on node1: mount failed: server not responding'],
  );
  t.deepEqual(
    plugin.mounter.calls.filter((call) => call === "mount v"),
    ["mount v"],
  );
});

test("two hundred callers on fifty volumes get what they asked for, and leave nothing behind", async (t) => {
  const plugin = await startPlugin(t);
  const { docker } = plugin;
  const names = Array.from({ length: 50 }, (_, index) => `v${index}`);
  await Promise.all(
    names.map((name) =>
      docker.call("Create", { Name: name, Opts: { app: "crowd", services: "*" } }),
    ),
  );
  for (const name of names) plugin.engine.add(name, { volumes: [name] });

  const callers = Array.from({ length: 200 }, (_, index) => names[index % 50] ?? "");
  await Promise.all(
    callers.map(async (Name) => {
      const ID = newId();
      t.true((await docker.call("Get", { Name })).Volume?.Name === Name);
      t.deepEqual(await docker.call("Mount", { Name, ID }), { Mountpoint: `/mounts/${Name}` });
      t.deepEqual(await docker.call("Mount", { Name, ID }), { Mountpoint: `/mounts/${Name}` });
      t.deepEqual(await docker.call("Unmount", { Name, ID }), {});
      t.true(plugin.mounter.table.has(Name));
      t.deepEqual(await docker.call("Unmount", { Name, ID }), {});
    }),
  );
  await until("all are unmounted", () => plugin.mounter.table.size === 0);
  await Promise.all(
    names.map(async (Name) => t.deepEqual(await docker.call("Remove", { Name }), {})),
  );
  t.deepEqual(await docker.call("List"), { Volumes: [] });
});
