import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { parseTarget } from "../../../backup-sidecar/repository/target/target.ts";
import { pinOf } from "../../../backup-sidecar/repository/http/trust.ts";
import { startApache } from "../servers/apache.ts";
import { Authority, selfSigned } from "../servers/certificates.ts";
import { FaultProxy } from "../servers/fault-proxy.ts";
import { startNodeDav } from "../servers/node-dav.ts";
import { ownFolder, quick, reach } from "../servers/reach.ts";
import { backup, packs, restic, standWithRepository, until } from "../servers/stand.ts";

const impatient = { ...quick, outageMs: 0, doubtMs: 0 };

for (const status of [301, 302, 307, 308]) {
  test(`fault 10: a base that redirects with ${status} to another path of the same server is followed`, async (t) => {
    const server = await startNodeDav({ folder: await ownFolder(t) });
    t.teardown(() => server.stop());
    await mkdir(path.join(server.files, "dav"));
    const proxy = await FaultProxy.before(server.url);
    t.teardown(() => proxy.down());
    proxy.add(({ path: at }) => at === "/", {
      kind: "status",
      status,
      headers: { location: "/dav" },
    });
    const { location, remote } = await reach(proxy.url);
    t.is(location, `${proxy.url}dav/storage/`);
    await remote.write("mirror/file", Buffer.from("x"), { size: 1 });
    t.is(await readFile(path.join(server.files, "dav/storage/mirror/file"), "utf8"), "x");
  });
}

test("fault 10: a file that is redirected is written and read where that leads, with its method and body", async (t) => {
  const { proxy, connected } = await standWithRepository(t);
  const { remote } = connected;
  const moved = proxy.add(
    ({ method, path: at }) => method === "PUT" && at.includes("/tmp/"),
    { kind: "status", status: 307, headers: { location: "/storage/.swarmnfs/tmp/elsewhere" } },
    1,
  );
  proxy.add(({ path: at, method }) => method === "GET" && at.endsWith("/mirror/file"), {
    kind: "status",
    status: 302,
    headers: { location: "/storage/mirror/other" },
  });
  await remote.write("mirror/other", Buffer.from("123"), { size: 3 });
  t.is(moved.hits, 1);
  let text = "";
  for await (const chunk of await remote.read("mirror/file")) text += String(chunk);
  t.is(text, "123");
});

test("fault 10: another host is not given the password, unless it was allowed", async (t) => {
  const heard: (string | undefined)[] = [];
  const stranger = createServer((request, response) => {
    heard.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  const port = await portOf(t, stranger);
  const server = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const proxy = await FaultProxy.before(server.url);
  t.teardown(() => proxy.down());
  proxy.add(() => true, {
    kind: "status",
    status: 301,
    headers: { location: `http://127.0.0.1:${port}/` },
  });
  const failure = await t.throwsAsync(reach(proxy.url, { endurance: impatient }));
  t.like(failure, { kind: "wrong-target" });
  t.regex(
    failure?.message ?? "",
    /another host, "127\.0\.0\.1:\d+", which is not given the password/,
  );
  t.deepEqual(heard, []);
  await t.throwsAsync(reach(proxy.url, { endurance: impatient, redirectHosts: ["127.0.0.1"] }));
  t.true(heard.length > 0);
});

test("fault 10: nothing leads from https to http, and nowhere in a circle", async (t) => {
  const folder = await ownFolder(t);
  const authority = await Authority.make(folder);
  const tls = await authority.sign("dav", "localhost");
  const options = { key: await readFile(tls.key), cert: await readFile(tls.certificate) };
  let to = "http://localhost:1/";
  const server = createSecure(
    options,
    (_, response) => void response.writeHead(302, { location: to }).end(),
  );
  const port = await portOf(t, server);
  const url = `https://localhost:${port}/`;
  const settings = { endurance: impatient, trust: { ca: authority.pem, pin: null } };
  t.regex(
    (await t.throwsAsync(reach(url, settings)))?.message ?? "",
    /redirects to http, where everybody could read along/,
  );
  to = url;
  t.regex((await t.throwsAsync(reach(url, settings)))?.message ?? "", /redirects in a circle/);
});

test("fault 11: a server whose certificate comes from a private authority is reached with that", async (t) => {
  const folder = await ownFolder(t);
  const authority = await Authority.make(folder);
  const server = await startApache({ folder, tls: await authority.sign("dav", "localhost") });
  t.teardown(() => server.stop());
  const { remote } = await reach(server.url, { trust: { ca: authority.pem, pin: null } });
  await remote.write("mirror/file", Buffer.alloc(3_000_000, 1), { size: 3_000_000 });
  t.like(await remote.stat("mirror/file"), { size: 3_000_000 });
  const failure = await t.throwsAsync(reach(server.url));
  t.like(failure, { kind: "tls", waitingHelps: false });
  t.regex(failure?.message ?? "", /unknown authority: give that as WEBDAV_CA_FILE/);
});

test("fault 11: certificates that are wrong are told apart, and nothing is sent to their servers", async (t) => {
  const folder = await ownFolder(t);
  const authority = await Authority.make(folder);
  const cases = [
    { tls: await authority.sign("old", "localhost", -1), words: /has expired/ },
    { tls: await authority.sign("other", "nas.example"), words: /is for another name/ },
    {
      tls: await selfSigned(folder, "localhost"),
      words: /is signed by itself: give it as WEBDAV_CA_FILE, or pin it/,
    },
  ];
  for (const { tls, words } of cases) {
    const own = path.join(folder, path.basename(tls.key));
    const server = await startNodeDav({ folder: `${own}-files`, tls });
    const failure = await t.throwsAsync(
      reach(server.url, { trust: { ca: authority.pem, pin: null } }),
    );
    t.like(failure, { kind: "tls", waitingHelps: false });
    t.regex(failure?.message ?? "", words);
    await server.stop();
  }
});

test("fault 11: a pinned certificate is believed whoever signed it, and another one is not spoken to", async (t) => {
  const folder = await ownFolder(t);
  const tls = await selfSigned(folder, "nas.example");
  const pin = pinOf(await readFile(tls.certificate, "utf8"));
  const server = await startNodeDav({ folder, tls });
  t.teardown(() => server.stop());
  await t.notThrowsAsync(reach(server.url, { trust: { ca: null, pin } }));
  const heard: string[] = [];
  const authority = await Authority.make(folder);
  const another = await authority.sign("another", "localhost");
  const impostor = createSecure(
    { key: await readFile(another.key), cert: await readFile(another.certificate) },
    (request) => void heard.push(request.url ?? ""),
  );
  const port = await portOf(t, impostor);
  const failure = await t.throwsAsync(
    reach(`https://localhost:${port}/`, { trust: { ca: authority.pem, pin } }),
  );
  t.like(failure, { kind: "tls" });
  t.regex(
    failure?.message ?? "",
    /another certificate than the pinned one .* set WEBDAV_PIN to that/,
  );
  t.deepEqual(heard, []);
});

test("fault 16: the second address takes over when the first dies in the middle of a run, and gives back later", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const second = await FaultProxy.before(server.url);
  t.teardown(() => second.down());
  let now = 0;
  const pacing = {
    now: () => now,
    sleep: () => new Promise<void>((resolve) => void setImmediate(resolve)),
  };
  let addresses: readonly URL[] = [];
  const made = await standWithRepository(t, {
    start: () => Promise.resolve({ ...server, stop: () => Promise.resolve() }),
    target: {
      pacing,
      preferAgainMs: 1000,
      addresses: () => Promise.resolve(addresses),
    },
    before: (url) => {
      addresses = parseTarget(`${url}, ${second.url}`);
    },
  });
  const { proxy, folder, source } = made;
  t.deepEqual(second.seen, []);
  const session = await made.session();
  const rule = proxy.add(packs.put, { kind: "hang" }, 1);
  const running = restic(session, folder, [...backup, source]);
  await until(() => rule.hits === 1, running);
  await proxy.down();
  const told = await running;
  t.is(told.code, 0, told.all);
  t.true(second.seen.some(({ method }) => method === "MOVE"));
  await proxy.up();
  proxy.seen.length = 0;
  now += 2000;
  await made.connected.remote.list("");
  t.true(proxy.seen.length > 0);
});

test("fault 16: an address that leads to another server is left again at once", async (t) => {
  const strange = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => strange.stop());
  let addresses: readonly URL[] = [];
  const made = await standWithRepository(t, {
    target: { endurance: impatient, addresses: () => Promise.resolve(addresses) },
    before: (url) => {
      addresses = parseTarget(url);
    },
  });
  addresses = parseTarget(strange.url);
  t.like(await t.throwsAsync(made.connected.remote.list("")), { kind: "wrong-target" });
  addresses = parseTarget(`${strange.url} ${made.proxy.url}`);
  await t.notThrowsAsync(made.connected.remote.list(""));
});

test("fault 17: a name that gets another address is followed", async (t) => {
  const server = await startNodeDav({ folder: await ownFolder(t) });
  t.teardown(() => server.stop());
  const { port } = new URL(server.url);
  let address = "127.0.0.1";
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname);
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  const { remote } = await reach(`http://nas.example:${port}/`, { lookup });
  await remote.write("mirror/file", Buffer.from("1"), { size: 1 });
  const before = asked.length;
  // The server moves: nobody answers at its old address any more, and the name leads to the new one.
  await server.stop();
  const moved = await startNodeDav({
    folder: path.dirname(server.files),
    port: Number(port),
    host: "127.0.0.2",
  });
  t.teardown(() => moved.stop());
  address = "127.0.0.2";
  await remote.write("mirror/file", Buffer.from("2"), { size: 1 });
  t.true(asked.length > before);
  t.is(await readFile(path.join(moved.files, "storage/mirror/file"), "utf8"), "2");
});

async function portOf(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
