import { X509Certificate } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { v7 as uuid } from "uuid";
import { newMachine, peerWith } from "./machine.ts";
import { minute, NodesUnderTest } from "./nodes-under-test.ts";

test("a node that joined with a token is known by its certificate from then on, also after a restart", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id, certificate } = await tested.joined("node1", "10.0.0.11");
  const peer = peerWith(certificate, "10.0.0.11");
  const known = { id, name: "node1", role: "node", address: "10.0.0.11" };
  t.deepEqual(tested.nodes.authenticate(peer), known as never);
  await tested.restart();
  t.deepEqual(tested.nodes.authenticate(peer), known as never);
  const authority = new X509Certificate(certificate.authority);
  t.true(new X509Certificate(certificate.certificate).verify(authority.publicKey));
  t.like(tested.audits("enrol")[0], { node: "node1", nodeId: id, address: "10.0.0.11" });
});

test("what a node may do is decided by its name, not by what it asks for", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { certificate } = await tested.joined("boss", "10.0.0.11");
  t.is(tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")).role, "admin");
});

test("a call without a certificate of ours is refused, with an audit line", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const peer = { address: "10.0.0.66", certificate: null, trouble: "no certificate" };
  const error = t.throws(() => tested.nodes.authenticate(peer));
  t.regex(
    error.message,
    /no certificate that this storage node accepts .*swarmnfs server token NODE/,
  );
  t.like(tested.audits("refused")[0], { address: "10.0.0.66" });
});

test("a revoked node is a stranger at once and after a restart, loses what it has, and may join again", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id, certificate } = await tested.joined("node1", "10.0.0.11");
  const peer = peerWith(certificate, "10.0.0.11");
  await tested.nodes.revoke(id);
  t.deepEqual(tested.gone, [id]);
  t.throws(() => tested.nodes.authenticate(peer), {
    message: /node "node1" was revoked at 2026-03/,
  });
  await tested.restart();
  t.throws(() => tested.nodes.authenticate(peer), { message: /was revoked/ });
  t.is(tested.nodes.list()[0]?.state, "revoked");
  await t.throwsAsync(tested.nodes.revoke(id), { message: /no node of id/ });

  await tested.joined("node1", "10.0.0.11", id);
  t.is(tested.nodes.list()[0]?.state, "live");
  t.throws(() => tested.nodes.authenticate(peer), {
    message: /is void: the node has joined again/,
  });
});

test("a certificate ends after 90 days, and a renewed one goes on", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { certificate } = await tested.joined("node1", "10.0.0.11");
  const first = peerWith(certificate, "10.0.0.11");
  const node = tested.nodes.authenticate(first);
  tested.now += 60 * 24 * 60 * minute;
  const second = await tested.nodes.certify(node, (await newMachine()).request);
  t.truthy(tested.nodes.authenticate(first));
  tested.now += 31 * 24 * 60 * minute;
  t.throws(() => tested.nodes.authenticate(first), { message: /ended at 2026-05-30/ });
  t.truthy(tested.nodes.authenticate(peerWith(second, "10.0.0.11")));
});

test("a token is good once: for another machine never, for the same one again, whose answer was lost", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const token = await tested.token("node1");
  const { request } = await newMachine();
  const mine = { token, id: uuid(), name: "node1", request };
  await tested.nodes.enrol(mine, "10.0.0.11");
  await tested.restart();
  const thief = { ...mine, request: (await newMachine()).request };
  await t.throwsAsync(tested.nodes.enrol(thief, "10.0.0.66"), { message: /was used just now/ });
  await t.throwsAsync(tested.nodes.enrol({ ...mine, id: uuid() }, "10.0.0.66"), {
    message: /was used/,
  });
  const again = await tested.nodes.enrol(mine, "10.0.0.11");
  t.truthy(tested.nodes.authenticate(peerWith(again, "10.0.0.11")));
  await tested.nodes.revoke(mine.id);
  await t.throwsAsync(tested.nodes.enrol(mine, "10.0.0.11"), {
    message: /was revoked after it had joined/,
  });
});

test("two machines that come with one token at the same time: one joins", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const token = await tested.token("node1");
  const machines = await Promise.all([1, 2, 3].map(() => newMachine()));
  const results = await Promise.allSettled(
    machines.map(({ request }) =>
      tested.nodes.enrol({ token, id: uuid(), name: "node1", request }, "10.0.0.11"),
    ),
  );
  t.is(results.filter(({ status }) => status === "fulfilled").length, 1);
});

test("a token is for one name, for its time, and for where it may be used", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { request } = await newMachine();
  const token = await tested.token("node1", { cidr: "10.0.0.0/24" });
  const enrol = (name: string, address: string, word = token) =>
    tested.nodes.enrol({ token: word, id: uuid(), name, request }, address);
  await t.throwsAsync(enrol("node2", "10.0.0.12"), {
    message: /is for node "node1", and this one is called "node2".*swarmnfs server token node2/,
  });
  await t.throwsAsync(enrol("node1", "10.0.1.11"), {
    message: /only be used from 10\.0\.0\.0\/24/,
  });
  tested.now += 61 * minute;
  await t.throwsAsync(enrol("node1", "10.0.0.11"), { message: /ended 1 m ago/ });
  const other = await NodesUnderTest.start(t);
  await t.throwsAsync(enrol("node1", "10.0.0.11", await other.token("node1")), {
    message: /of another storage node/,
  });
  await t.throwsAsync(enrol("node1", "10.0.0.11", "gibberish"), { message: /not a join token/ });
  t.is(tested.nodes.list().length, 0);
  t.is(tested.audits("refused").length, 5);
});

test("of a token nothing but a hash is kept", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const token = await tested.token("node1");
  const { secret } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    secret: string;
  };
  const [file = ""] = await readdir(join(tested.folder, "tokens"));
  t.false((await readFile(join(tested.folder, "tokens", file), "utf8")).includes(secret));
  t.false(file.includes(secret));
  t.false(JSON.stringify(tested.lines).includes(secret));
});

test("the list of nodes says who is live, silent or fenced, and why", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id } = await tested.joined("node2", "10.0.0.12");
  tested.now += 5 * minute;
  await tested.joined("node1", "10.0.0.11");
  tested.fenced.set(id, "it did not answer");
  const [first, second] = tested.nodes.list();
  t.like(first, {
    name: "node1",
    state: "live",
    address: "10.0.0.11",
    seenAt: "2026-03-01T12:05:00Z",
  });
  t.like(second, { name: "node2", state: "fenced", fencedBecause: "it did not answer" });
  tested.fenced.clear();
  t.is(tested.nodes.list()[1]?.state, "silent");
});

test("a record that cannot be read makes a stranger of its node alone, and is kept when that joins again", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id, certificate } = await tested.joined("node1", "10.0.0.11");
  const { certificate: other } = await tested.joined("node2", "10.0.0.12");
  const folder = join(tested.folder, "nodes");
  await writeFile(join(folder, `${id}.json`), "{");
  await tested.restart();
  t.throws(() => tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")), {
    message: /does not know/,
  });
  t.truthy(tested.nodes.authenticate(peerWith(other, "10.0.0.12")));
  await tested.joined("node1", "10.0.0.11", id);
  t.is((await readdir(folder)).filter((name) => name.includes(".damaged-")).length, 1);
});

for (const [what, name] of [
  ["a pattern", "node*"],
  ["a path", "../node1"],
  ["a line break", "a\nb"],
  ["an escape sequence", "\u001b[31m"],
] as const) {
  test(`${what} is no name for a node`, async (t) => {
    const tested = await NodesUnderTest.start(t);
    await t.throwsAsync(tested.token(name), { message: /is not a node's name/ });
    const token = await tested.token("node1");
    const { request } = await newMachine();
    await t.throwsAsync(tested.nodes.enrol({ token, id: uuid(), name, request }, "10.0.0.11"), {
      message: /is not a node's name/,
    });
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    t.notRegex(String(tested.audits("refused")[0]?.["node"]), /[\u0000-\u001f]/);
  });
}

test("a request that is none, or has another kind of key, gets no certificate and spends no token", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const token = await tested.token("node1");
  const enrol = (request: string) =>
    tested.nodes.enrol({ token, id: uuid(), name: "node1", request }, "10.0.0.11");
  const { request } = await newMachine();
  const { request: wrongCurve } = await newMachine({ name: "ECDSA", namedCurve: "P-384" });
  const lines = request.split("\n");
  const forged = [...lines.slice(0, 3), `${lines[3]?.slice(0, -2)}AA`, ...lines.slice(4)].join(
    "\n",
  );
  for (const wrong of [
    "",
    "hello",
    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
    "30".repeat(4000),
    forged,
  ])
    await t.throwsAsync(enrol(wrong), { message: /certificate request cannot be read/ }, wrong);
  await t.throwsAsync(enrol(wrongCurve), { message: /key of kind ECDSA P-384/ });
  t.truthy(await enrol(request));
});
