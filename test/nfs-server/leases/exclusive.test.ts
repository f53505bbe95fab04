import test from "ava";
import { LeasesUnderTest, nodes } from "./leases-under-test.ts";

const [node1, node2] = nodes;
const minute = 60_000;

test("an exclusive volume goes to another node once its holder has given it back, when asked", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  const polling = world.renew(node1, ["x"], { waitMs: 20_000 });
  const attached = world.attach(node2, "x");
  const { requests } = await polling;
  t.like(requests, { length: 1, 0: { kind: "release", volume: "x" } });
  const reply = { request: requests[0]?.id ?? "", outcome: "released" as const, consumers: [] };
  await world.renew(node1, [], { replies: [reply] });
  t.is((await attached).node, "node2");
  t.is(world.shown(node1, "x"), null);
  t.not(world.shown(node2, "x"), null);
  t.is(world.leases.fenceOf(node1.id), null);
});

test("who gives an exclusive volume back loses nothing of what else is mounted; who has nothing else leaves no locks", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  for (const name of ["x", "y"]) {
    world.volume(name, "exclusive");
    await world.attach(node1, name);
  }
  await world.attach(node1, "s");
  await world.leases.detach(node1, "x");
  t.deepEqual(world.clients.expired, []);
  // Reset: it says that it has nothing mounted.
  world.now += 1;
  await world.renew(node1, []);
  await world.leases.detach(node1, "y");
  t.deepEqual(world.clients.expired, [node1.id]);
});

test("while the holder uses an exclusive volume, a newcomer is refused with the holder's name", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  const polling = world.renew(node1, ["x"], { waitMs: 20_000 });
  const attached = t.throwsAsync(world.attach(node2, "x"), {
    code: "in-use",
    message:
      /"x" may be mounted on one node at a time, and is in use on "node1" \(service db\)\. Stop/,
  });
  const { requests } = await polling;
  const reply = {
    request: requests[0]?.id ?? "",
    outcome: "in-use" as const,
    consumers: ["service db"],
  };
  await world.renew(node1, ["x"], { replies: [reply] });
  await attached;
  t.not(world.shown(node1, "x"), null);
});

test("a holder that lives and does not answer in time is neither fenced nor disturbed", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  await world.attach(node1, "x", ["service db"]);
  await t.throwsAsync(world.attach(node2, "x"), {
    code: "in-use",
    message: /"node1" has it \(service db\); whether it still needs it, it did not say in time/,
  });
  t.not(world.shown(node1, "x"), null);
});

test("a holder that is silent past its term is fenced as a whole before the newcomer gets the volume", async (t) => {
  const world = await LeasesUnderTest.start(t);
  for (const name of ["x", "y"]) world.volume(name, "exclusive");
  world.volume("s");
  for (const name of ["x", "y", "s"]) await world.attach(node1, name);
  await world.attach(node2, "s");
  await world.pass(minute + 1, [[node2, ["s"]]]);
  t.is((await world.attach(node2, "x")).node, "node2");
  for (const name of ["x", "y", "s"]) t.is(world.shown(node1, name), null);
  t.deepEqual(world.clients.expired, [node1.id]);
  t.regex(world.leases.fenceOf(node1.id)?.because ?? "", /not heard of for 1 m.* while it had "x"/);
  t.deepEqual(
    (await world.files()).filter((name) => name.includes(node1.id)),
    [],
  );
  await t.throwsAsync(world.attach(node1, "s"), { message: /"node1" is fenced since/ });
  const told = await world.renew(node1, ["x", "s"]);
  t.like(told, { fenced: true, lost: ["x", "s"] });
});

test("nobody is fenced for what cannot be mounted in the end", async (t) => {
  const world = await LeasesUnderTest.start(t);
  const record = world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(minute + 1, [[node2, []]]);
  const attaching = {
    volume: "x",
    consumers: [],
    look: async () => record,
    prepare: () => Promise.reject(new Error("its directory is missing")),
  };
  await t.throwsAsync(world.leases.attach(node2, attaching), { message: /is missing/ });
  t.is(world.leases.fenceOf(node1.id), null);
  t.not(world.shown(node1, "x"), null);
});

test("a fenced node is taken back when it says that it has unmounted everything, and not before", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(minute + 1, [[node2, []]]);
  await world.attach(node2, "x");
  t.true((await world.renew(node1, ["x"], { unfenced: true })).fenced, "it still has something");
  await world.restart();
  t.true((await world.renew(node1, [])).fenced, "also after a restart of the server");
  t.false((await world.renew(node1, [], { unfenced: true })).fenced);
  world.volume("s");
  await world.attach(node1, "s");
  t.not(world.shown(node1, "s"), null);
});

test("an administrator takes a fenced node back", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(minute + 1, [[node2, []]]);
  await world.attach(node2, "x");
  await world.leases.unfence(node1.id);
  t.is(world.leases.fenceOf(node1.id), null);
  t.false((await world.renew(node1, [])).fenced);
});

test("a plugin that said it would be away is not fenced before that is over", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.leases.absence(node1, 5 * minute);
  await world.pass(2 * minute, [[node2, []]]);
  await world.restart();
  await world.pass(2 * minute, [[node2, []]]);
  await t.throwsAsync(world.attach(node2, "x"), {
    code: "in-use",
    message: /its plugin is being restarted or upgraded\. Try again in (1 m|59 s)/,
  });
  await world.pass(minute, [[node2, []]]);
  await world.attach(node2, "x");
  t.not(world.leases.fenceOf(node1.id), null);
});

test("a plugin that is back from its absence is held to its term again", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.leases.absence(node1, 10 * minute);
  await world.pass(20_000, [[node2, []]]);
  await world.renew(node1, ["x"]);
  await world.pass(minute + 1, [[node2, []]]);
  await world.attach(node2, "x");
  t.not(world.leases.fenceOf(node1.id), null);
});

test("a volume becomes exclusive only while at most one node has it", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  const record = world.volume("s");
  const become = async (): Promise<unknown> =>
    world.leases.change("s", true, async () => {
      const changed = { ...record, access: "exclusive" as const };
      world.volumes.set("s", changed);
      return changed;
    });
  await world.attach(node1, "s");
  await world.attach(node2, "s");
  await t.throwsAsync(become(), { code: "in-use", message: /node1.* and on node2/ });
  await world.leases.detach(node2, "s");
  await become();
  t.true(world.leases.list()[0]?.exclusive);
  await t.throwsAsync(world.attach(node2, "s"), { code: "in-use" });
});

test("an administrator takes a shared lease away; with an exclusive one its node is fenced", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  world.volume("x", "exclusive");
  const shared = await world.attach(node1, "s");
  const exclusive = await world.attach(node2, "x");
  await world.leases.revoke(shared.id);
  t.is(world.shown(node1, "s"), null);
  t.is(world.leases.fenceOf(node1.id), null);
  await world.leases.revoke(exclusive.id);
  t.is(world.shown(node2, "x"), null);
  t.regex(world.leases.fenceOf(node2.id)?.because ?? "", /administrator took its lease of "x"/);
  await t.throwsAsync(world.leases.revoke(exclusive.id), { code: "not-found" });
});
