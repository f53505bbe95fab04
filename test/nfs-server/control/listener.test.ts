import { once } from "node:events";
import { connect } from "node:net";
import { request } from "node:https";
import { json } from "node:stream/consumers";
import test from "ava";
import { v7 as uuid } from "uuid";
import { createControlApi } from "../../../nfs-server/control/api.ts";
import { networkDoor } from "../../../nfs-server/control/door.ts";
import { Gatekeeper, usualLimits } from "../../../nfs-server/control/gatekeeper.ts";
import { Listener, usualPatience } from "../../../nfs-server/control/listener.ts";
import { Replays } from "../../../nfs-server/control/replays.ts";
import { pino } from "pino";
import type { ExecutionContext } from "ava";
import { type Joined, NodesUnderTest } from "../nodes/nodes-under-test.ts";
import { fakeOperations } from "./fake-operations.ts";

async function start(t: ExecutionContext) {
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
