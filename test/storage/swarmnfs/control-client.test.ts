import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { systemClock } from "../../../service/clock.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import { ControlClient } from "../../../storage/swarmnfs/control-client.ts";
import { TlsEndpoint } from "../../../storage/swarmnfs/endpoint.ts";
import { FakeControlServer, FakeProblem, storageView as view } from "./fake-control-server.ts";
import { TestAuthority } from "./test-authority.ts";

const nodeId = "018f0000-0000-7000-8000-000000000001";
const soon = { timeoutMs: 5000 };

async function clientOf(server: FakeControlServer): Promise<ControlClient> {
  const credentials = await server.credentials(nodeId);
  return new ControlClient(new TlsEndpoint(server.name, server.place.port, credentials));
}

function clientAt(address: string, port: number, authority: string): ControlClient {
  const name = new ServerName("storage1", async () => [address], systemClock);
  return new ControlClient(new TlsEndpoint(name, port, { authority }));
}

test("a call brings its parameters and its body, and comes back with what was answered", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  server.handlers.storage = () => view;
  t.deepEqual(await client.call("storage", {}, undefined, soon), view);
  server.handlers.detach = ({ params, peer }) => {
    t.deepEqual([params["name"], peer], ["a b/c", nodeId]);
    return {};
  };
  t.deepEqual(await client.call("detach", { name: "a b/c" }, {}, soon), {});
  client.close();
});

test("how far the server's clock is from ours is known from its answers", async (t) => {
  const server = await FakeControlServer.start(t);
  server.handlers.storage = () => view;
  const clock = { now: () => Date.now() - 3_600_000 };
  const endpoint = new TlsEndpoint(
    server.name,
    server.place.port,
    await server.credentials(nodeId),
  );
  const client = new ControlClient(endpoint, clock);
  t.is(client.aheadMs, null);
  await client.call("storage", {}, undefined, soon);
  t.true(Math.abs((client.aheadMs ?? 0) - 3_600_000) < 60_000);
  client.close();
});

test("what a server refuses is told in its own words, with its code", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  const says = async (code: FakeProblem["code"], as: string, kind?: string): Promise<void> => {
    server.handlers.volume = () => {
      throw new FakeProblem(code, "words for people");
    };
    const call = client.call("volume", { name: "v" }, undefined, soon);
    const error = await t.throwsAsync(call, { code: as, message: /words for people/ });
    t.is((error as { kind?: string }).kind, kind);
  };
  await says("not-found", "not-found");
  await says("in-use", "in-use");
  await says("too-many", "unavailable");
  await says("fenced", "unavailable", "fenced");
  await says("unknown-node", "unavailable", "unknown-node");
  await says("internal", "unavailable", "faulty");
});

test("fields of a newer server are left out, and what is missing is said to be of another release", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  const newer = { ...view, colour: "green", nfs: { ...view.nfs, rdma: true } };
  server.handlers.storage = () => newer;
  t.deepEqual(await client.call("storage", {}, undefined, soon), view);
  server.handlers.storage = () => ({ ...view, id: "?" });
  await t.throwsAsync(client.call("storage", {}, undefined, soon), { message: /same release/ });
});

test("a call that is not answered ends at its deadline, or when its caller gives it up", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  server.handlers.storage = ({ signal }) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(view)));
  const late = client.call("storage", {}, undefined, { timeoutMs: 300 });
  await t.throwsAsync(late, { code: "unavailable", message: /storage1 .*has not answered within/ });
  const given = new AbortController();
  const call = client.call("storage", {}, undefined, { ...soon, signal: given.signal });
  given.abort(new Error("not needed any more"));
  await t.throwsAsync(call, { message: "not needed any more" });
});

test("a server that is away is told from one that is cut off by what to do", async (t) => {
  const { certificate } = await TestAuthority.make();
  await t.throwsAsync(clientAt("127.0.0.1", 1, certificate).call("storage", {}, undefined, soon), {
    message: /storage1 refuses connections on port 1: .*docker compose up/,
  });
  const mute = createTcpServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  mute.listen(0, "127.0.0.1", resolve);
  await promise;
  t.teardown(() => mute.close());
  const { port } = mute.address() as AddressInfo;
  await t.throwsAsync(
    clientAt("127.0.0.1", port, certificate).call("storage", {}, undefined, soon),
    {
      message: /storage1 does not answer on port \d+: it is off or cut off/,
    },
  );
});

test("of several addresses the one that answers is used", async (t) => {
  const server = await FakeControlServer.start(t);
  server.handlers.storage = () => view;
  const name = new ServerName("storage1", async () => ["127.0.0.9", "127.0.0.1"], systemClock);
  const credentials = await server.credentials(nodeId);
  const endpoint = new TlsEndpoint(name, server.place.port, credentials);
  t.deepEqual(await new ControlClient(endpoint).call("storage", {}, undefined, soon), view);
  t.is(endpoint.label, "storage1 (127.0.0.1)");
});

test("a server of another authority, and another node in its place, are not believed", async (t) => {
  const server = await FakeControlServer.start(t);
  const { authority } = server;
  const stranger = await FakeControlServer.start(t);
  const { port } = stranger.place;
  const deceived = clientAt("127.0.0.1", port, authority.certificate);
  await t.throwsAsync(deceived.call("storage", {}, undefined, soon), {
    message: /its certificate is of another authority/,
  });
  const node = await FakeControlServer.start(t, nodeId, authority);
  const beguiled = clientAt("127.0.0.1", node.place.port, authority.certificate);
  await t.throwsAsync(beguiled.call("storage", {}, undefined, soon), {
    message: /not the storage node that this node joined/,
  });
  t.deepEqual([...stranger.calls, ...node.calls], []);
});

test("what is no control API at all is said to be none", async (t) => {
  const { certificate } = await TestAuthority.make();
  const web = createServer((_, response) => response.end("hello"));
  const { promise, resolve } = Promise.withResolvers<void>();
  web.listen(0, "127.0.0.1", resolve);
  await promise;
  t.teardown(() => web.close());
  const { port } = web.address() as AddressInfo;
  const call = clientAt("127.0.0.1", port, certificate).call("storage", {}, undefined, soon);
  await t.throwsAsync(call, { message: /is no control API|connection .* broke/ });
});

test("a connection that the server has closed meanwhile is no failure, and nothing is done twice", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  const keys: (string | null)[] = [];
  server.handlers.detach = ({ key }) => {
    keys.push(key);
    return {};
  };
  for (let round = 0; round < 20; round += 1) {
    await client.call("detach", { name: "v" }, {}, soon);
    server.dropIdle();
  }
  t.is(new Set(keys).size, 20);
  t.false(keys.includes(null));
});

test("calls use connections again, and no more than a few at once", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  server.handlers.storage = () => view;
  for (let call = 0; call < 5; call += 1) await client.call("storage", {}, undefined, soon);
  t.is(server.connections, 1);
  const patient = { timeoutMs: 30_000 };
  await Promise.all(
    Array.from({ length: 60 }, () => client.call("storage", {}, undefined, patient)),
  );
  t.true(server.connections <= 16, `${server.connections}`);
  client.close();
});

test("who waited for a connection has as much time as others", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  const longerThanAConnectionTakes = 3500;
  server.handlers.detach = async ({ params }) => {
    if (params["name"] === "slow") await delay(longerThanAConnectionTakes);
    return {};
  };
  const patient = { timeoutMs: 30_000 };
  const names = [...Array.from({ length: 16 }, (_, number) => `quick${number}`), "slow"];
  const calls = names.map((name) => client.call("detach", { name }, {}, patient));
  t.is((await Promise.all(calls)).length, names.length);
  client.close();
});

test("a renewal waits for no other call", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  const { promise, resolve } = Promise.withResolvers<typeof view>();
  server.handlers.storage = () => promise;
  const renewed = { termMs: 60_000, fenced: false, lost: [], requests: [] };
  server.handlers.renew = () => renewed;
  const patient = { timeoutMs: 30_000 };
  const others = Array.from({ length: 40 }, () => client.call("storage", {}, undefined, patient));
  const renewal = { signs: [], replies: [], waitMs: 0, unfenced: false };
  t.deepEqual(await client.call("renew", {}, renewal, patient), renewed);
  resolve(view);
  await Promise.all(others);
  client.close();
});

test("when connections that were kept turn out to be dead a new one is made", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  server.handlers.storage = () => view;
  const patient = { timeoutMs: 30_000 };
  const many = (): Promise<unknown> =>
    Promise.all(Array.from({ length: 8 }, () => client.call("storage", {}, undefined, patient)));
  for (let round = 0; round < 5; round += 1) {
    await many();
    await server.stop();
    await server.listen();
    t.deepEqual(await client.call("storage", {}, undefined, patient), view);
  }
  client.close();
});

test("many calls at once are all answered", async (t) => {
  const server = await FakeControlServer.start(t);
  const client = await clientOf(server);
  server.handlers.storage = () => view;
  const calls = Array.from({ length: 100 }, () =>
    client.call("storage", {}, undefined, { timeoutMs: 30_000 }),
  );
  t.is((await Promise.all(calls)).length, 100);
});
