// How Docker really speaks to a volume plugin, and what it makes of the answers.
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

const mediaType = /^application\/vnd\.docker\.plugins\.v1\.2\+json/;

test("a request without Content-Type, with an empty Host and a newline at its end is understood", async (t) => {
  const plugin = await startPlugin(t);
  const body = '{"Name":"blog_data","Opts":null}\n';
  const answer = await plugin.docker.raw(
    `POST /VolumeDriver.Create HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: ${body.length}\r\nAccept: application/vnd.docker.plugins.v1.2+json\r\nConnection: close\r\n\r\n${body}`,
  );
  t.regex(answer, /^HTTP\/1\.1 200 OK\r\n/);
  t.regex(answer, /\r\n\r\n\{\}$/);
  const told = await plugin.docker.send("/VolumeDriver.List", "{}\n");
  t.regex(told.type ?? "", mediaType);
});

for (const Opts of [null, undefined, {}]) {
  test(`a volume without options is created with Opts ${JSON.stringify(Opts)}`, async (t) => {
    const plugin = await startPlugin(t);
    t.deepEqual(await plugin.docker.call("Create", { Name: "v", Opts }), {});
    t.deepEqual(await plugin.docker.call("Create", { Name: "v", Opts }), {});
  });
}

for (const verb of ["Create", "Mount", "Unmount", "Remove", "Path"]) {
  test(`a repeated ${verb}, whose body is empty, does nothing and says why`, async (t) => {
    const plugin = await startPlugin(t);
    await plugin.docker.call("Create", { Name: "undefined" });
    const { status, text } = await plugin.docker.send(`/VolumeDriver.${verb}`, "");
    t.is(status, 200);
    t.deepEqual(JSON.parse(text), {
      Err: "swarmnfs: Docker repeated its request without its content, as it does when the plugin was restarted in the middle of it. Try again",
    });
    t.is(plugin.mounter.table.size, 0);
    const { Volumes } = await plugin.docker.call("List");
    t.deepEqual(
      Volumes?.map(({ Name }) => Name),
      ["undefined"],
    );
  });
}

test("a repeated Get is not answered at all, or Docker would forget the volume it asked for", async (t) => {
  const plugin = await startPlugin(t);
  await t.throwsAsync(plugin.docker.send("/VolumeDriver.Get", ""), { code: "ECONNRESET" });
});

const bodiless = {
  "/Plugin.Activate": { Implements: ["VolumeDriver"] },
  "/VolumeDriver.Capabilities": { Capabilities: { Scope: "global" } },
  "/VolumeDriver.List": { Volumes: [] },
};

for (const [path, expected] of Object.entries(bodiless)) {
  test(`${path} needs no body`, async (t) => {
    const plugin = await startPlugin(t);
    const { status, text } = await plugin.docker.send(path, "");
    t.is(status, 200);
    t.deepEqual(JSON.parse(text), expected);
  });
}

for (const body of ["{", "null\n", "[]", '"v"', '{"Name":7}', '{"Name":{"a":1},"ID":"1"}']) {
  test(`the body ${body.trim()} is refused without harm`, async (t) => {
    const plugin = await startPlugin(t);
    for (const verb of ["Create", "Mount", "Unmount", "Remove", "Path"]) {
      const { status, text } = await plugin.docker.send(`/VolumeDriver.${verb}`, body);
      t.is(status, 200);
      t.regex((JSON.parse(text) as { Err: string }).Err, /^swarmnfs: /);
    }
    await t.throwsAsync(plugin.docker.send("/VolumeDriver.Get", body), { code: "ECONNRESET" });
  });
}

test("an unknown verb is not found, in words that Docker can read", async (t) => {
  const plugin = await startPlugin(t);
  const { status, type, text } = await plugin.docker.send("/VolumeDriver.Snapshot", "{}\n");
  t.is(status, 404);
  t.regex(type ?? "", mediaType);
  t.deepEqual(JSON.parse(text), { Err: "swarmnfs: no such verb: /VolumeDriver.Snapshot" });
});

test("a body larger than any that Docker sends is refused", async (t) => {
  const plugin = await startPlugin(t);
  const Opts = { app: "x".repeat(2 * 1024 * 1024) };
  const { status, text } = await plugin.docker.send(
    "/VolumeDriver.Create",
    JSON.stringify({ Name: "v", Opts }),
  );
  t.is(status, 413);
  t.deepEqual(JSON.parse(text), {
    Err: "swarmnfs: the request cannot be read: request entity too large",
  });
});

test("options that are no options are refused by name", async (t) => {
  const plugin = await startPlugin(t);
  for (const key of ["apps", "__proto__", "constructor"]) {
    const { text } = await plugin.docker.send(
      "/VolumeDriver.Create",
      `{"Name":"v","Opts":{"${key}":"blog"}}\n`,
    );
    t.true(
      (JSON.parse(text) as { Err: string }).Err.startsWith(`swarmnfs: unknown option "${key}"`),
      text,
    );
  }
});

test("a volume is told with the moment of its creation in RFC 3339", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v");
  const { Volume } = await docker.call("Get", { Name: "v" });
  t.regex(Volume?.CreatedAt ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

test("the same mount id twice counts twice", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  const [id] = docker.holds().get("v") ?? [];
  await docker.call("Mount", { Name: "v", ID: id });
  await docker.call("Unmount", { Name: "v", ID: id });
  await plugin.crashAndBegin();
  await docker.call("Mount", { Name: "v", ID: id });
  await docker.call("Unmount", { Name: "v", ID: id });
  t.true(plugin.mounter.table.has("v"));
  docker.container("web").state = "exited";
  await docker.call("Unmount", { Name: "v", ID: id });
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.deepEqual(plugin.mounter.calls, ["mount v", "unmount v"]);
});

test("unmounting what nobody knows succeeds and takes nothing away", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  for (const [Name, ID] of [
    ["v", newId()],
    ["nobody", newId()],
    ["../../x", newId()],
  ])
    t.deepEqual(await docker.call("Unmount", { Name, ID }), {});
  await plugin.reconcile();
  t.deepEqual(plugin.mounter.calls, ["mount v"]);
});

test("a container with the same volume twice holds it by two ids", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v", "v"] });
  t.is(docker.holds().get("v")?.length, 2);
  await docker.stop("web");
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  t.deepEqual(plugin.mounter.calls, ["mount v", "unmount v"]);
});

test("files of an image are copied into an empty volume before its container is listed", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"], copyUp: true });
  t.is(docker.container("web").state, "running");
  t.is(plugin.mounter.calls[0], "mount v");
});

test("at its start Docker asks for a volume without a name, and gets a plain error", async (t) => {
  const plugin = await startPlugin(t);
  t.deepEqual(await plugin.docker.call("Get", { Name: "" }), {
    Err: 'swarmnfs: no such volume: ""',
  });
});

const hostile = [
  "",
  ".",
  "..",
  "../../x",
  "a/b",
  "/etc",
  "with space",
  ".hidden",
  ".swarmnfs",
  "-dash",
  "a:b",
  "a\nb",
  "a\0b",
  "ünïcode-🐳",
  "x".repeat(300),
  "__proto__",
];

for (const Name of hostile) {
  test(`the name ${JSON.stringify(Name.slice(0, 20))} is never made, found, mounted or removed`, async (t) => {
    const plugin = await startPlugin(t);
    const { docker, engine, mounter } = plugin;
    engine.add("web", { volumes: [Name] });
    t.regex((await docker.call("Get", { Name })).Err ?? "", /^swarmnfs: no such volume: "/);
    for (const verb of ["Create", "Mount", "Remove", "Path"]) {
      const { Err } = await docker.call(verb, { Name, ID: newId(), Opts: null });
      t.regex(Err ?? "", /^swarmnfs: volume name ".*letters, digits/, verb);
      // A terminal must not be steered by a name.
      t.notRegex(Err ?? "", /\p{Cc}/u);
    }
    t.deepEqual(await docker.call("Unmount", { Name, ID: newId() }), {});
    t.deepEqual(mounter.calls, []);
  });
}

for (const name of ["constructor", "toString", "hasOwnProperty", "x".repeat(128)]) {
  test(`the name ${name.slice(0, 20)} is a name like any other`, async (t) => {
    const plugin = await startPlugin(t);
    const docker = new FakeDaemon(plugin);
    t.false(await docker.get(name));
    await docker.run({ name: "web", volumes: [name] });
    t.deepEqual(await docker.volumes(), [name]);
    await plugin.crashAndBegin();
    t.true(await docker.get(name));
    await docker.stop("web");
    await until("it is unmounted", () => plugin.mounter.table.size === 0);
    await docker.removeVolume(name);
    t.deepEqual(await docker.volumes(), []);
  });
}
