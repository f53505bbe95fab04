import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Consumers } from "../../plugin/consumers.ts";
import { DockerEngine } from "../../plugin/docker-engine.ts";

const pluginId = "ab12".repeat(16);

/** What the engine answers by path; null: nothing, ever. */
type Answers = Readonly<Record<string, unknown>>;

async function engineApi(
  t: ExecutionContext,
  answers: Answers,
): Promise<{ socket: string; asked: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-docker-"));
  const socket = join(directory, "docker.sock");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://docker");
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    if (!(url.pathname in answers)) {
      response.writeHead(404).end(JSON.stringify({ message: "No such container" }));
      return;
    }
    const answer = answers[url.pathname];
    if (answer !== null) response.end(JSON.stringify(answer));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(socket, resolve);
  await promise;
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true });
  });
  return { socket, asked };
}

function listed(name: string, mounts: readonly object[]): object {
  return { Id: `id-${name}`, Names: [`/${name}`], State: "created", Labels: {}, Mounts: mounts };
}

const ours = { Type: "volume", Name: "v", Driver: "swarmnfs:latest", Destination: "/d" };

test("it learns its swarm node, and by its plugin id the name it is known by", async (t) => {
  const { socket } = await engineApi(t, {
    "/info": { Swarm: { NodeID: "n1" } },
    "/plugins": [
      { Id: "ff".repeat(32), Name: "other:latest" },
      { Id: pluginId, Name: "storage:latest" },
    ],
  });
  t.deepEqual(await new DockerEngine(socket, pluginId, "swarmnfs").identify(5_000), {
    driver: "storage",
    swarmNode: "n1",
  });
});

test("outside a swarm there is no node; a plain process is known by the name it was given", async (t) => {
  const { socket } = await engineApi(t, { "/info": { Swarm: { NodeID: "" } } });
  t.deepEqual(await new DockerEngine(socket, null, "swarmnfs").identify(5_000), {
    driver: "swarmnfs",
    swarmNode: null,
  });
});

test("an engine that does not run this plugin is not believed", async (t) => {
  const { socket } = await engineApi(t, { "/info": {}, "/plugins": [] });
  await t.throwsAsync(new DockerEngine(socket, pluginId, "swarmnfs").identify(5_000), {
    code: "denied",
    message: `the engine behind ${socket} does not run this plugin. Set SWARMNFS_DOCKER to the socket of the engine that does`,
  });
});

test("a managed plugin that does not know its id asks nobody under a name that may not be its own", async (t) => {
  const { socket } = await engineApi(t, {
    "/info": {},
    "/plugins": [{ Id: pluginId, Name: "storage:latest" }],
    "/containers/json": [listed("web", [{ ...ours, Driver: "storage:latest" }])],
  });
  const engine = new DockerEngine(socket, null, "swarmnfs", true);
  await t.throwsAsync(engine.identify(5_000), {
    code: "denied",
    message: /^the plugin cannot find out under which name Docker knows it/,
  });
  t.like(await new Consumers(engine).callersOf("v"), {
    kind: "unknown",
    error: { code: "denied" },
  });
});

test("consumers are those who have the very volume from this very driver", async (t) => {
  const { socket, asked } = await engineApi(t, {
    "/containers/json": [
      listed("web", [ours]),
      listed("path", [{ Type: "bind", Source: "/v", Destination: "v" }]),
      listed("other-driver", [{ ...ours, Driver: "local" }]),
      listed("other-volume", [{ ...ours, Name: "v2" }]),
    ],
  });
  const engine = new DockerEngine(socket, null, "swarmnfs");
  t.deepEqual(await engine.consumersOf("v", 5_000), [
    { id: "id-web", name: "web", state: "created", labels: {}, volumes: ["v"] },
  ]);
  t.deepEqual(
    (await engine.consumers(5_000)).map(({ name }) => name),
    ["web", "other-volume"],
  );
  t.is(
    decodeURIComponent(asked[0] ?? ""),
    'GET /containers/json?all=true&filters={"volume":["v"]}',
  );
});

test("a container whose inspect hangs or finds nothing is held, one that answers is not", async (t) => {
  const { socket } = await engineApi(t, {
    "/containers/starting/json": null,
    "/containers/idle/json": { Id: "idle" },
  });
  const engine = new DockerEngine(socket, null, "swarmnfs");
  t.true(await engine.isHeld("starting", 100));
  t.true(await engine.isHeld("being-created", 5_000));
  t.false(await engine.isHeld("idle", 5_000));
});

test("a silent engine is unavailable within the bound", async (t) => {
  const { socket } = await engineApi(t, { "/info": null, "/containers/json": null });
  const engine = new DockerEngine(socket, null, "swarmnfs");
  const refusal = { code: "unavailable", message: `Docker does not answer on ${socket}` };
  const began = performance.now();
  await t.throwsAsync(engine.identify(100), refusal);
  await t.throwsAsync(engine.consumersOf("v", 100), refusal);
  await t.throwsAsync(new DockerEngine("/nowhere.sock", null, "x").identify(120_000), {
    code: "unavailable",
    message: "Docker does not answer on /nowhere.sock",
  });
  t.true(performance.now() - began < 60_000);
});

test("a ping settles with any answer, and rejects without one", async (t) => {
  const silent = await engineApi(t, { "/_ping": null });
  const well = await engineApi(t, { "/_ping": "OK" });
  const broken = await engineApi(t, {});
  await t.notThrowsAsync(new DockerEngine(well.socket, null, "swarmnfs").ping(5_000));
  await t.notThrowsAsync(new DockerEngine(broken.socket, null, "swarmnfs").ping(5_000));
  await t.throwsAsync(new DockerEngine(silent.socket, null, "swarmnfs").ping(100), {
    code: "unavailable",
  });
  await t.throwsAsync(new DockerEngine("/nowhere.sock", null, "swarmnfs").ping(5_000), {
    code: "unavailable",
  });
});

test("it tells why a container ended, and starts and stops", async (t) => {
  const { socket, asked } = await engineApi(t, {
    "/containers/web/json": {
      HostConfig: { RestartPolicy: { Name: "always" } },
      State: { Error: "swarmnfs: no" },
    },
    "/containers/web/start": {},
    "/containers/web/stop": {},
  });
  const engine = new DockerEngine(socket, null, "swarmnfs");
  t.deepEqual(await engine.end("web", 5_000), { restartPolicy: "always", error: "swarmnfs: no" });
  await engine.start("web", 5_000);
  await engine.stop("web", 5_000);
  t.deepEqual(asked.slice(1), ["POST /containers/web/start", "POST /containers/web/stop?t=5"]);
});

test("volumes are told with the options they were asked for here, and their labels", async (t) => {
  const { socket } = await engineApi(t, {
    "/volumes": {
      Volumes: [
        { Name: "v", Driver: "swarmnfs:latest", Options: { app: "blog" }, Labels: { keep: "" } },
        { Name: "theirs", Driver: "swarmnfs:latest", Options: null },
        { Name: "plain", Driver: "local", Options: null },
      ],
    },
  });
  t.deepEqual(await new DockerEngine(socket, null, "swarmnfs").volumes(5_000), [
    { name: "v", options: { app: "blog" }, labels: { keep: "" } },
    { name: "theirs", options: null, labels: {} },
  ]);
});

test("services of the swarm and their volumes are known to managers alone", async (t) => {
  const mounts = [
    { Type: "volume", Source: "v", Target: "/d" },
    { Type: "bind", Source: "/etc", Target: "/etc" },
    { Type: "volume", Target: "/anonymous" },
  ];
  const services = [
    { Spec: { Name: "web", TaskTemplate: { ContainerSpec: { Mounts: mounts } } } },
    { Spec: { Name: "bare", TaskTemplate: { ContainerSpec: {} } } },
  ];
  const { socket } = await engineApi(t, { "/services": services });
  t.deepEqual(await new DockerEngine(socket, null, "swarmnfs").services(5_000), [
    { name: "web", volumes: ["v"] },
  ]);
});

test("nodes of the swarm, and whether they have the plugin, are known to managers alone", async (t) => {
  const local = { Type: "Volume", Name: "local" };
  const plugin = { Type: "Volume", Name: "swarmnfs:latest" };
  const nodes = [
    {
      ID: "n1",
      Spec: { Availability: "drain" },
      Status: { State: "ready" },
      Description: { Hostname: "node1", Engine: { Plugins: [local, plugin] } },
    },
    {
      ID: "n2",
      Status: { State: "down" },
      Description: { Hostname: "node2", Engine: { Plugins: [{ ...plugin, Type: "Network" }] } },
    },
  ];
  const { socket } = await engineApi(t, { "/nodes": nodes });
  t.deepEqual(await new DockerEngine(socket, null, "swarmnfs").nodes(5_000), [
    { id: "n1", name: "node1", state: "ready", availability: "drain", hasPlugin: true },
    { id: "n2", name: "node2", state: "down", availability: "active", hasPlugin: false },
  ]);
});
