import test from "ava";
import { v7 as uuid } from "uuid";
import { UserError } from "../../../service/user-error.ts";
import { newMachine, peerWith } from "./machine.ts";
import { minute, NodesUnderTest } from "./nodes-under-test.ts";

test("a second live node of the same name is refused, and told to set SWARMNFS_NODE", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id } = await tested.joined("node1", "10.0.0.11");
  const { request } = await newMachine();
  await t.throwsAsync(tested.token("NODE1"), {
    message: /has joined already \(it called just now\).*--replace/,
  });
  const token = await tested.token("node1", { replace: true });
  const second = { token, id: uuid(), name: "node1", request };
  const error = await t.throwsAsync(tested.nodes.enrol(second, "10.0.0.12"), {
    instanceOf: UserError,
  });
  t.is(error?.code, "conflict");
  t.regex(error?.message ?? "", /alive at 10\.0\.0\.11\..*SWARMNFS_NODE=NAME/);
  tested.now += 2 * minute;
  await tested.nodes.enrol(second, "10.0.0.12");
  t.deepEqual(tested.gone, [id]);
  t.deepEqual(
    tested.nodes.list().map(({ name, state }) => [name, state]),
    [
      ["node1", "revoked"],
      ["node1", "silent"],
    ],
  );
});

test("a name that is taken by a silent node needs a token that says so", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const token = await tested.token("node1");
  await tested.joined("node1", "10.0.0.11");
  tested.now += 2 * minute;
  const { request } = await newMachine();
  await t.throwsAsync(
    tested.nodes.enrol({ token, id: uuid(), name: "node1", request }, "10.0.0.12"),
    {
      message: /has joined already \(it called 2 m ago\)/,
    },
  );
});

test("nobody gets another node's id by a token for a name of their own", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { id } = await tested.joined("node1", "10.0.0.11");
  const { request } = await newMachine();
  const token = await tested.token("node2");
  await t.throwsAsync(tested.nodes.enrol({ token, id, name: "node2", request }, "10.0.0.12"), {
    message: /has the id of node "node1"/,
  });
  const copy = await tested.token("node1", { replace: true });
  await t.throwsAsync(
    tested.nodes.enrol({ token: copy, id: id.toUpperCase(), name: "node1", request }, "10.0.0.12"),
    {
      message: /alive at 10\.0\.0\.11, and this machine, at 10\.0\.0\.12, has its id/,
    },
  );
});

test("a stolen certificate is refused from another address while the node is there, and taken when it is silent", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { certificate } = await tested.joined("node1", "10.0.0.11");
  const thief = peerWith(certificate, "10.0.0.66");
  const error = t.throws(() => tested.nodes.authenticate(thief));
  t.regex(
    error.message,
    /is at 10\.0\.0\.11 \(seen 0 s ago\), and now somebody calls from 10\.0\.0\.66/,
  );
  t.like(tested.audits("refused")[0], { address: "10.0.0.66" });
  await tested.restart();
  t.throws(() => tested.nodes.authenticate(thief), { message: /is at 10\.0\.0\.11/ });
  tested.now += 2 * minute;
  t.is(tested.nodes.authenticate(thief).address, "10.0.0.66");
  t.like(tested.audits("address").at(-1), { before: "10.0.0.11", address: "10.0.0.66" });
  t.throws(() => tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")), {
    message: /is at 10\.0\.0\.66/,
  });
});

test("two nodes behind one address: the second is refused, until the first has left", async (t) => {
  const tested = await NodesUnderTest.start(t);
  await tested.joined("node1", "10.0.0.11");
  const { certificate } = await tested.joined("node2", "10.0.0.12");
  tested.now += 50_000;
  t.throws(() => tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")), {
    message: /node "node2" is at 10\.0\.0\.12/,
  });
  tested.now += 10_000;
  t.is(tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")).name, "node2");
});

test("a node at an address that a dead one had before is known there after a restart, whichever has the lower id", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const [first, second, third, fourth] = [uuid(), uuid(), uuid(), uuid()].toSorted();
  for (const [older, newer, address] of [
    [first, second, "10.0.0.11"],
    [fourth, third, "10.0.0.12"],
  ] as const) {
    await tested.joined(`old-${address}`, address, older);
    tested.now += 2 * minute;
    const { certificate } = await tested.joined(`new-${address}`, address, newer);
    await tested.restart();
    t.is(tested.nodes.authenticate(peerWith(certificate, address)).name, `new-${address}`);
  }
});

test("hosts that are not allowed are refused, whatever they prove", async (t) => {
  const tested = await NodesUnderTest.start(t);
  const { certificate } = await tested.joined("node1", "10.0.0.11");
  const allowed = {
    check: (name: string | null) => {
      throw new UserError("denied", `${name} is not allowed`);
    },
  };
  await tested.restart({ allowed });
  t.throws(() => tested.nodes.authenticate(peerWith(certificate, "10.0.0.11")), {
    message: "node1 is not allowed",
  });
  const token = await tested.token("node2");
  const { request } = await newMachine();
  await t.throwsAsync(
    tested.nodes.enrol({ token, id: uuid(), name: "node2", request }, "10.0.0.12"),
    {
      message: "node2 is not allowed",
    },
  );
});
