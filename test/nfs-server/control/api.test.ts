import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import test from "ava";
import { NodeFenced } from "../../../nfs-server/leases/node-fenced.ts";
import { UserError, type UserErrorCode } from "../../../service/user-error.ts";
import { problemSchema } from "../../../storage/swarmnfs/protocol/problem.ts";
import { ApiUnderTest, boss, node1 } from "./api-under-test.ts";
import { fakeOperations, type Seen } from "./fake-operations.ts";

const detach = "/v1/volumes/db/detach";

test("a call is told who calls, what the path says and what was sent, and its answer goes out", async (t) => {
  const calls: Seen[] = [];
  const api = await ApiUnderTest.start(
    t,
    fakeOperations({ detach: async () => ({}) }, (call) => calls.push(call)),
  );
  const got = await api.send("POST", detach, { body: {} });
  t.is(got.status, 200);
  t.is(got.headers["content-type"], "application/json");
  t.is(got.headers["cache-control"], "no-store");
  t.deepEqual(got.body, {});
  t.like(calls[0], { name: "detach", node: node1, params: { name: "db" }, body: {} });
});

const statuses: Record<UserErrorCode, number> = {
  invalid: 400,
  unsupported: 422,
  "not-found": 404,
  conflict: 409,
  "in-use": 409,
  denied: 403,
  unavailable: 503,
  full: 507,
  "read-only": 503,
};
for (const [code, status] of Object.entries(statuses)) {
  test(`an error "${code}" is a problem with status ${status}, its code, and its words`, async (t) => {
    const operations = fakeOperations({
      volume: () => Promise.reject(new UserError(code as UserErrorCode, "the reason")),
    });
    const api = await ApiUnderTest.start(t, operations);
    const got = await api.send("GET", "/v1/volumes/db");
    t.is(got.status, status);
    t.is(got.headers["content-type"], "application/problem+json");
    t.like(problemSchema.parse(got.body), {
      type: `urn:swarmnfs:problem:${code}`,
      code,
      detail: "the reason",
      status,
    });
  });
}

test("a fenced node is told that it is fenced", async (t) => {
  const fenced = new NodeFenced("node1", {
    because: "it did not answer",
    at: "2026-03-01T12:00:00Z",
  });
  const api = await ApiUnderTest.start(t, fakeOperations({ attach: () => Promise.reject(fenced) }));
  const got = await api.send("POST", "/v1/volumes/db/attach", {
    body: { id: null, consumers: [] },
  });
  t.like(got, { status: 423, body: { code: "fenced" } });
});

test("a mistake of ours is hidden from the caller, and in the log", async (t) => {
  const operations = fakeOperations({ volume: () => Promise.reject(new Error("secret path /x")) });
  const api = await ApiUnderTest.start(t, operations);
  const got = await api.send("GET", "/v1/volumes/db");
  t.like(got, { status: 500, body: { code: "internal" } });
  t.false(got.text.includes("secret"));
  t.true(JSON.stringify(api.lines).includes("secret path"));
});

test("an answer that is not what its route says is noticed", async (t) => {
  const api = await ApiUnderTest.start(
    t,
    fakeOperations({ detach: async () => ({ more: 1 }) as never }),
  );
  t.like(await api.send("POST", detach, { body: {} }), { status: 500 });
});

test("what a role may not do is denied before anything is done", async (t) => {
  const calls: Seen[] = [];
  const operations = fakeOperations({ unfenceNode: async () => ({}) }, (call) => calls.push(call));
  const api = await ApiUnderTest.start(t, operations);
  const path = `/v1/nodes/${node1.id}/unfence`;
  const got = await api.send("POST", path, { body: {} });
  t.like(got, { status: 403, body: { code: "denied" } });
  t.regex(
    String(got.body["detail"]),
    /node "node1" may not do that .*administrators.*SWARMNFS_ADMIN_NODES/,
  );
  api.caller = { ...node1, role: "backup" };
  t.is((await api.send("DELETE", "/v1/volumes/db")).status, 403);
  t.is(calls.length, 0);
  api.caller = boss;
  t.is((await api.send("POST", path, { body: {} })).status, 200);
});

test("a stranger may join and see whether the server is well, and nothing else", async (t) => {
  const calls: Seen[] = [];
  const api = await ApiUnderTest.start(
    t,
    fakeOperations({}, (call) => calls.push(call)),
  );
  t.deepEqual((await api.send("GET", "/health")).body, { state: "ok", volumes: 3 });
  t.is((await api.send("GET", "/metrics")).text, "swarmnfs_volumes 3\n");
  api.caller = null;
  t.deepEqual((await api.send("GET", "/health")).body, { state: "ok" });
  t.regex((await api.send("GET", "/metrics")).text, /swarmnfs_server_up 1\n$/);
  t.is((await api.send("GET", "/v1/openapi.json")).body["openapi"], "3.1.0");
  const enrolment = { token: "t", id: node1.id, name: "node9", request: "r" };
  t.is((await api.send("POST", "/v1/enrol", { body: enrolment })).status, 200);
  t.like(calls[0]?.node, { name: "stranger", address: "10.0.0.11" });
});

for (const [what, method, path, sent, status] of [
  ["an unknown path", "GET", "/v1/nothing", {}, 404],
  ["another method", "PUT", "/v1/volumes/db", { body: {} }, 404],
  ["another case", "GET", "/V1/volumes/db", {}, 404],
  ["a slash too many", "GET", "/v1/volumes/db/", {}, 404],
  ["a query", "GET", "/v1/volumes/db?force=1", {}, 400],
  ["a path in a name", "GET", "/v1/volumes/..%2F..%2Fetc", {}, 400],
  ["a broken escape in a name", "GET", "/v1/volumes/%E0%A4%A", {}, 400],
  ["an id that is none", "DELETE", "/v1/leases/db", {}, 400],
  ["a key that nobody knows", "POST", detach, { body: { force: true } }, 400],
  ["a body where none is expected", "GET", "/v1/volumes/db", { body: {} }, 400],
  ["what is not JSON", "POST", detach, { raw: "{" }, 400],
  [
    "another kind of content",
    "POST",
    detach,
    { raw: "a=b", headers: { "content-type": "text/plain" } },
    415,
  ],
  [
    "a compressed body",
    "POST",
    detach,
    { raw: gzipSync("{}"), headers: { "content-encoding": "gzip" } },
    415,
  ],
  [
    "a body of more than 1 MiB",
    "POST",
    "/v1/catalog",
    { body: { seen: "x".repeat(1_100_000) } },
    413,
  ],
  [
    "a key that objects treat unlike all others",
    "POST",
    "/v1/volumes",
    { raw: '{"name":"a","options":{"__proto__":"x"}}' },
    400,
  ],
] as const) {
  test(`${what} is refused with a problem`, async (t) => {
    const calls: Seen[] = [];
    const api = await ApiUnderTest.start(
      t,
      fakeOperations({}, (call) => calls.push(call)),
    );
    api.caller = boss;
    const got = await api.send(method, path, sent);
    t.is(got.status, status, got.text);
    t.like(problemSchema.parse(got.body), { status });
    t.is(calls.length, 0);
  });
}

test("every write is an audit line, whatever came of it; reading is none", async (t) => {
  const operations = fakeOperations({
    detach: () => Promise.reject(new UserError("not-found", "no")),
  });
  const api = await ApiUnderTest.start(t, operations);
  await api.send("POST", detach, { body: {} });
  await api.send("GET", "/v1/volumes/db");
  await api.send("POST", "/v1/catalog", { body: { seen: null } });
  const audits = api.lines.filter(({ audit }) => audit !== undefined);
  t.is(audits.length, 1);
  t.like(audits[0], {
    audit: "call",
    call: "detach",
    node: "node1",
    address: "10.0.0.11",
    name: "db",
    code: "not-found",
  });
});

test("a head without a body is read like a get", async (t) => {
  const api = await ApiUnderTest.start(t, fakeOperations());
  const socket = connect(api.port, "127.0.0.1");
  socket.write("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  t.regex(await text(socket), /^HTTP\/1\.1 200 /);
  await once(socket, "close");
});
