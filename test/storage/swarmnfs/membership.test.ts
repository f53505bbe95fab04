import { X509Certificate } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { Membership, type TokenSource } from "../../../storage/swarmnfs/membership.ts";
import { CredentialsFile } from "../../../storage/swarmnfs/node-credentials.ts";
import { node1 } from "../conformance.ts";
import { temporaryDirectory } from "../places.ts";
import { FakeControlServer, FakeProblem, storageView as view } from "./fake-control-server.ts";

/** A server that takes each token once. */
async function serverOf(t: ExecutionContext): Promise<FakeControlServer> {
  const server = await FakeControlServer.start(t);
  const used = new Set<string>();
  server.handlers = {
    storage: () => view,
    enrol: async ({ body }) => {
      if (used.has(body.token)) throw new FakeProblem("denied", "the token was used already");
      used.add(body.token);
      const certificate = await server.authority.certify(body.request);
      return { certificate, authority: server.authority.certificate };
    },
  };
  return server;
}

function membership(
  server: FakeControlServer,
  folder: string,
  token: TokenSource = async () => null,
  node = node1,
): Membership {
  const file = new CredentialsFile(join(folder, "credentials.json"));
  const { place, name } = server;
  return new Membership({ place, node, file, token, name, clock: systemClock });
}

async function asks(member: Membership): Promise<string> {
  const client = await member.client();
  return (await client.call("storage", {}, undefined, { timeoutMs: 5000 })).id;
}

test("a node joins once with a token, and later needs none", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const token = server.token();
  t.is(await asks(membership(server, folder, async () => token)), view.id);
  const { mode } = await stat(join(folder, "credentials.json"));
  t.is(mode & 0o777, 0o600);
  t.false((await readFile(join(folder, "credentials.json"), "utf8")).includes(token));
  // The setting stays where it is, for ever.
  t.is(await asks(membership(server, folder, async () => token)), view.id);
  t.is(await asks(membership(server, folder)), view.id);
  t.deepEqual(server.calls, ["enrol", "storage", "storage", "storage"]);
});

test("a node that has not joined says what to do, and so does a copy of another one", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  await t.throwsAsync(membership(server, folder).client(), {
    code: "unavailable",
    message: /has not joined storage1 yet\. .*swarmnfs server token node1.*SWARMNFS_JOIN_TOKEN/,
  });
  await asks(membership(server, folder, async () => server.token()));
  const copy = { id: "018f0000-0000-7000-8000-000000000009", name: "node9" };
  await t.throwsAsync(membership(server, folder, undefined, copy).client(), {
    message: /this node is a copy of another one.*swarmnfs server token node9/,
  });
});

test("a token of another node, a broken one and one of another server are refused before they are used", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const other = await FakeControlServer.start(t);
  const tries: [string, RegExp][] = [
    [server.token("node7"), /is for a node called "node7", and this one is "node1"/],
    [server.token().slice(0, 40), /is not a join token/],
    [other.token(), /not the storage node that the join token is of/],
  ];
  for (const [token, message] of tries)
    await t.throwsAsync(membership(server, folder, async () => token).client(), { message });
  t.deepEqual(server.calls, []);
});

test("a token that was used although nothing was kept asks for a new one", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const token = server.token();
  // The certificate comes, and cannot be kept.
  const file = new CredentialsFile(join(folder, "nowhere", "credentials.json"));
  const { place, name } = server;
  const parts = { place, node: node1, file, name, clock: systemClock };
  await t.throwsAsync(new Membership({ ...parts, token: async () => token }).client(), {
    message: /its certificate could not be kept here .*new token .*swarmnfs server token node1/,
  });
  await t.throwsAsync(membership(server, folder, async () => token).client(), {
    code: "unavailable",
    message:
      /join token: the token was used already\. Make a new one on the storage node: swarmnfs server token node1/,
  });
});

test("a node whose answer was lost on the way joins with the same token", async (t) => {
  const server = await FakeControlServer.start(t);
  let spentBy: string | null = null;
  server.handlers = {
    storage: () => view,
    enrol: async ({ body }) => {
      // As the real one: a token is good once more for whoever comes with the very key.
      if (spentBy !== null && spentBy !== body.request)
        throw new FakeProblem("denied", "the token was used already");
      const isFirst = spentBy === null;
      spentBy = body.request;
      const certificate = await server.authority.certify(body.request);
      if (isFirst) {
        await server.stop();
        await server.listen();
      }
      return { certificate, authority: server.authority.certificate };
    },
  };
  const token = server.token();
  const member = membership(server, await temporaryDirectory(t), async () => token);
  await t.throwsAsync(member.client(), { code: "unavailable" });
  t.is(await asks(member), view.id);
});

test("a worthless token does no harm to a node that has joined, and a good one makes it join anew", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const [first, second] = [server.token(), server.token("Node1")];
  await asks(membership(server, folder, async () => first));
  const fresh = membership(server, folder, async () => second);
  await asks(fresh);
  t.is(fresh.note, null);
  const again = membership(server, folder, async () => first);
  t.is(await asks(again), view.id);
  t.regex(again.note ?? "", /the new join token was not used: .*used already/);
});

test("credentials that cannot be understood are set aside", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, "credentials.json"), "{");
  t.is(await asks(membership(server, folder, async () => server.token())), view.id);
  const names = await readdir(folder);
  t.true(names.some((name) => name.startsWith("credentials.json.damaged-")));
});

test("many who ask at once make the node join once", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const member = membership(server, folder, async () => server.token());
  await Promise.all(Array.from({ length: 10 }, () => asks(member)));
  t.is(server.calls.filter((name) => name === "enrol").length, 1);
});

test("after half of its life a certificate is replaced by one for a new key", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const file = new CredentialsFile(join(folder, "credentials.json"));
  const old = await server.credentials(node1.id, -100_000, 90_000);
  await file.write(old);
  server.handlers.certify = async ({ body, peer }) => {
    t.is(peer, node1.id);
    const certificate = await server.authority.certify(body.request);
    return { certificate, authority: server.authority.certificate };
  };
  const member = membership(server, folder);
  await asks(member);
  await member.rotate();
  const fresh = await file.read();
  t.not(fresh?.key, old.key);
  t.true(Date.parse(new X509Certificate(fresh?.certificate ?? "").validTo) > Date.now() + 600_000);
  t.is(await asks(member), view.id);
  await member.rotate();
  t.is(server.calls.filter((name) => name === "certify").length, 1);
});

test("a certificate that cannot be replaced is told long before it ends", async (t) => {
  const server = await serverOf(t);
  const folder = await temporaryDirectory(t);
  const file = new CredentialsFile(join(folder, "credentials.json"));
  await file.write(await server.credentials(node1.id, -100_000, 90_000));
  const member = membership(server, folder);
  await asks(member);
  await member.rotate();
  t.regex(member.note ?? "", /this node's certificate ends at .* and could not be renewed/);
  t.is(await asks(member), view.id);
});
