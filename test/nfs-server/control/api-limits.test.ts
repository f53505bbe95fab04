import { connect } from "node:net";
import { text } from "node:stream/consumers";
import test from "ava";
import { usualLimits } from "../../../nfs-server/control/gatekeeper.ts";
import { UserError } from "../../../service/user-error.ts";
import { ApiUnderTest, node1 } from "./api-under-test.ts";
import { fakeOperations } from "./fake-operations.ts";

const detach = "/v1/volumes/db/detach";
const renewal = { signs: [], replies: [], waitMs: 20_000, unfenced: false };

test("what strangers may send is small", async (t) => {
  const api = await ApiUnderTest.start(t, fakeOperations());
  api.caller = null;
  const body = { token: "t", id: node1.id, name: "n", request: "r".repeat(40_000) };
  t.is((await api.send("POST", "/v1/enrol", { body })).status, 413);
});

test("a body that is larger than it may be is not waited for", async (t) => {
  const api = await ApiUnderTest.start(t, fakeOperations());
  const socket = connect(api.port, "127.0.0.1");
  socket.write(
    `POST /v1/catalog HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n{"seen": "`,
  );
  t.regex(await text(socket), /^HTTP\/1\.1 413 [^]*"status":413/);
});

test("a node that asks too often has to wait, and nobody else", async (t) => {
  const limits = { ...usualLimits, node: { burst: 3, perSecond: 1 } };
  const api = await ApiUnderTest.start(t, fakeOperations({ detach: async () => ({}) }), { limits });
  for (const _ of [1, 2, 3]) t.is((await api.send("POST", detach, { body: {} })).status, 200);
  const got = await api.send("POST", detach, { body: {} });
  t.like(got, { status: 429, body: { code: "too-many" } });
  t.is(got.headers["retry-after"], "1");
  api.caller = { ...node1, id: "01953f5e-0000-7000-8000-000000000002", name: "node2" };
  t.is((await api.send("POST", detach, { body: {} })).status, 200);
  api.caller = node1;
  api.time.now += 1000;
  t.is((await api.send("POST", detach, { body: {} })).status, 200);
});

test("strangers of one address have to wait, and its node does not", async (t) => {
  const limits = { ...usualLimits, stranger: { burst: 2, perSecond: 1 } };
  const api = await ApiUnderTest.start(t, fakeOperations({ detach: async () => ({}) }), { limits });
  api.caller = null;
  const answers = [];
  for (const _ of [1, 2, 3]) answers.push((await api.send("GET", "/health")).status);
  t.deepEqual(answers, [200, 200, 429]);
  api.caller = node1;
  t.is((await api.send("POST", detach, { body: {} })).status, 200);
});

test("a long poll counts against no limit, and ends when its caller hangs up", async (t) => {
  const ended = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const renew = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => {
      began.resolve();
      signal.addEventListener("abort", () => {
        reject(new Error("stopped"));
        ended.resolve();
      });
    });
  const limits = { ...usualLimits, node: { burst: 1, perSecond: 0.01 } };
  const api = await ApiUnderTest.start(t, fakeOperations({ renew, detach: async () => ({}) }), {
    limits,
  });
  const hangUp = new AbortController();
  const poll = api.send("POST", "/v1/leases/renew", { body: renewal, signal: hangUp.signal });
  await began.promise;
  t.is((await api.send("POST", detach, { body: {} })).status, 200);
  hangUp.abort();
  await t.throwsAsync(poll, { name: "AbortError" });
  await ended.promise;
  t.false(api.lines.some(({ level }) => Number(level) >= 50));
});

test("a node has only so many long polls at once", async (t) => {
  const release = Promise.withResolvers<never>();
  release.promise.catch(() => undefined);
  const limits = { ...usualLimits, pollsAtOnce: 2 };
  let begun = 0;
  const both = Promise.withResolvers<void>();
  const renew = () => {
    begun += 1;
    if (begun === 2) both.resolve();
    return release.promise;
  };
  const api = await ApiUnderTest.start(t, fakeOperations({ renew }), { limits });
  const polls = [1, 2].map(() => api.send("POST", "/v1/leases/renew", { body: renewal }));
  await both.promise;
  t.like(await api.send("POST", "/v1/leases/renew", { body: renewal }), { status: 429 });
  release.reject(new UserError("unavailable", "enough"));
  t.deepEqual(
    (await Promise.all(polls)).map(({ status }) => status),
    [503, 503],
  );
});

test("a write that is sent twice with one key is done once, and answered twice", async (t) => {
  let times = 0;
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const detachOnce = async () => {
    times += 1;
    begun.resolve();
    await go.promise;
    return {};
  };
  const api = await ApiUnderTest.start(t, fakeOperations({ detach: detachOnce }));
  const sent = { body: {}, headers: { "idempotency-key": "k1" } };
  const first = api.send("POST", detach, sent);
  await begun.promise;
  const second = api.send("POST", detach, sent);
  go.resolve();
  t.deepEqual([(await first).status, (await second).status], [200, 200]);
  t.is((await api.send("POST", detach, sent)).status, 200);
  t.is(times, 1);

  t.like(await api.send("POST", "/v1/volumes/other/detach", sent), {
    status: 409,
    body: { code: "conflict" },
  });
  api.caller = { ...node1, id: "01953f5e-0000-7000-8000-000000000002" };
  await api.send("POST", detach, sent);
  t.is(times, 2);
  api.caller = node1;
  api.time.now += 601_000;
  await api.send("POST", detach, sent);
  t.is(times, 3);
});

test("what failed and may go better is done again under the same key; what was refused is not", async (t) => {
  const errors = [
    new UserError("unavailable", "later"),
    new Error("ours"),
    new UserError("in-use", "no"),
  ];
  let times = 0;
  const operations = fakeOperations({
    detach: async () => {
      times += 1;
      throw errors[times - 1] ?? new Error("too often");
    },
  });
  const api = await ApiUnderTest.start(t, operations);
  const sent = { body: {}, headers: { "idempotency-key": "k1" } };
  const statusesGot = [];
  for (const _ of [1, 2, 3, 4]) statusesGot.push((await api.send("POST", detach, sent)).status);
  t.deepEqual(statusesGot, [503, 500, 409, 409]);
  t.is(times, 3);
});

test("500 calls at once are all answered", async (t) => {
  const api = await ApiUnderTest.start(t, fakeOperations());
  const body = { id: null, consumers: [] };
  const all = await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      api.send("POST", `/v1/volumes/v${index}/attach`, { body }),
    ),
  );
  t.true(all.every(({ status }) => status === 200));
});
