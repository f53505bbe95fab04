import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { request } from "node:https";
import { json } from "node:stream/consumers";
import test from "ava";
import { v7 as uuid } from "uuid";
import { createControlApi } from "../../../nfs-server/control/api.ts";
import { networkDoor } from "../../../nfs-server/control/door.ts";
import { Gatekeeper, usualLimits } from "../../../nfs-server/control/gatekeeper.ts";
import { Listener, type Patience, usualPatience } from "../../../nfs-server/control/listener.ts";
import { Replays } from "../../../nfs-server/control/replays.ts";
import { pino } from "pino";
import type { ExecutionContext } from "ava";
import { type Joined, NodesUnderTest } from "../nodes/nodes-under-test.ts";
import { fakeOperations } from "./fake-operations.ts";

async function start(t: ExecutionContext, given: Partial<Patience> = {}) {
  const tested = await NodesUnderTest.start(t);
  tested.now = Date.now();
  const log = pino({ level: "silent" });
  const monotonic = () => tested.now;
  const api = createControlApi(fakeOperations(), {
    door: networkDoor(tested.nodes),
    gatekeeper: new Gatekeeper(usualLimits, monotonic),
    replays: new Replays(monotonic),
    observations: { health: async () => ({ state: "ok", secret: 1 }), metrics: async () => "" },
    log,
  });
  const patience = {
    ...usualPatience,
    headersMs: 300,
    requestMs: 600,
    handshakeMs: 300,
    closeMs: 100,
    ...given,
  };
  const listener = new Listener(api, { authority: tested.nodes.authority, port: 0, log, patience });
  await listener.listen("127.0.0.1");
  t.teardown(() => listener.close());
  const port = Number(listener.place?.split(":").at(-1));
  const get = async (path: string, by: Joined | null) => {
    const asked = request({
      agent: false,
      host: "127.0.0.1",
      port,
      path,
      ca: tested.nodes.authority.certificate,
      servername: "swarmnfs-server",
      ...(by === null ? {} : { cert: by.certificate.certificate, key: by.key }),
    });
    asked.end();
    const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
    return { status: response.statusCode, body: await json(response) };
  };
  return { tested, listener, port, get };
}

test("over TLS a node is known by its certificate; strangers, nodes of others and revoked ones are not", async (t) => {
  const { tested, get } = await start(t);
  const mine = await tested.joined("node1", "127.0.0.1");
  t.is((await get("/v1/leases", mine)).status, 200);
  t.like(await get("/v1/leases", null), { status: 401, body: { code: "unknown-node" } });
  t.deepEqual(await get("/health", null), { status: 200, body: { state: "ok" } });
  t.like(await get("/health", mine), { body: { secret: 1 } });

  const foreign = await NodesUnderTest.start(t);
  foreign.now = Date.now();
  const other = await foreign.joined("node1", "127.0.0.1", uuid());
  t.like(await get("/v1/leases", other), { status: 401, body: { code: "unknown-node" } });
  await tested.nodes.revoke(mine.id);
  t.like(await get("/v1/leases", mine), { status: 401, body: { code: "unknown-node" } });
});

test("an expired certificate is not accepted", async (t) => {
  const { tested, get } = await start(t);
  tested.now -= 100 * 24 * 60 * 60 * 1000;
  const old = await tested.joined("node1", "127.0.0.1");
  tested.now = Date.now();
  t.like(await get("/v1/leases", old), { status: 401, body: { code: "unknown-node" } });
});

test("who says nothing, or no TLS, is not waited for, and others are served", async (t) => {
  const { tested, port, get } = await start(t);
  const silent = connect(port, "127.0.0.1");
  const noise = connect(port, "127.0.0.1");
  noise.write("GET / HTTP/1.1\r\n\r\n");
  silent.on("error", () => undefined).resume();
  noise.on("error", () => undefined).resume();
  const ended = Promise.all([once(silent, "close"), once(noise, "close")]);
  const mine = await tested.joined("node1", "127.0.0.1");
  t.is((await get("/v1/leases", mine)).status, 200);
  await ended;
  t.pass();
});

/** A TCP connection, and whether it was closed at once. */
async function knock(
  t: ExecutionContext,
  port: number,
  { host = "127.0.0.1", from = "127.0.0.1" } = {},
): Promise<Socket> {
  const socket = connect({ host, port, localAddress: from });
  socket.on("error", () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("told another address, it listens there with a certificate for it, and no more at the one before", async (t) => {
  const { tested, listener, port, get } = await start(t);
  const mine = await tested.joined("node1", "127.0.0.1");
  t.is((await get("/v1/leases", mine)).status, 200);
  await listener.listen("127.0.0.2");
  const place = listener.place ?? "";
  t.regex(place, /^127\.0\.0\.2:\d+$/);
  await t.throwsAsync(knock(t, port), { code: "ECONNREFUSED" });
  const secure = tlsConnect({
    host: "127.0.0.2",
    port: Number(place.split(":").at(-1)),
    ca: tested.nodes.authority.certificate,
    // By the address itself: no other name is asked for.
    checkServerIdentity: (_, certificate) => {
      t.regex(certificate.subjectaltname ?? "", /IP Address:127\.0\.0\.2/);
      return undefined;
    },
  });
  await once(secure, "secureConnect");
  t.true(secure.authorized, String(secure.authorizationError));
  secure.destroy();
  await listener.listen("127.0.0.2");
  t.is(listener.place, place, "told the same again it does nothing");
});

test("an address that this machine does not have is told, and another can be had after it", async (t) => {
  const { listener } = await start(t);
  await t.throwsAsync(listener.listen("192.0.2.1"), {
    code: "unavailable",
    message: /does not have that address/,
  });
  t.is(listener.place, null);
  await listener.listen("127.0.0.1");
  t.regex(listener.place ?? "", /^127\.0\.0\.1:/);
});

test("one address has no more connections than its share, and others are let in all the same", async (t) => {
  const slow = { handshakeMs: 60_000, headersMs: 60_000, requestMs: 60_000 };
  const { port } = await start(t, { ...slow, connectionsEach: 3 });
  const first = [await knock(t, port), await knock(t, port), await knock(t, port)];
  const fourth = await knock(t, port);
  await once(fourth, "close");
  t.true(first.every((socket) => !socket.destroyed));
  const other = await knock(t, port, { from: "127.0.0.3" });
  first[0]?.destroy();
  // As soon as the server has seen that one go, there is room for another.
  while (!(await isLetIn(port)));
  t.false(other.destroyed);
});

test("in all there are no more connections than it can hold", async (t) => {
  const slow = { handshakeMs: 60_000, headersMs: 60_000, requestMs: 60_000 };
  const { port } = await start(t, { ...slow, connections: 2 });
  const held = [await knock(t, port), await knock(t, port, { from: "127.0.0.3" })];
  const third = await knock(t, port, { from: "127.0.0.4" });
  await once(third, "close");
  t.true(held.every((socket) => !socket.destroyed));
});

/** Whether TLS is spoken with a new connection. */
async function isLetIn(port: number): Promise<boolean> {
  const socket = tlsConnect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  // Rejects when it is closed instead.
  const answer = await once(socket, "secureConnect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return answer;
}
