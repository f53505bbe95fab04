import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { LeasesUnderTest, nodes, nothingNew } from "./leases-under-test.ts";

const [node1, node2, node3] = nodes;
const minute = 60_000;

test("many nodes may have a shared volume, each shown to itself alone", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  await world.attach(node1, "s", ["service blog_web"]);
  await world.attach(node2, "s");
  t.not(world.shown(node1, "s"), null);
  t.not(world.shown(node2, "s"), null);
  t.is(world.shown(node3, "s"), null);
  t.deepEqual(
    world.leases.holdersOf("s").map(({ node, consumers, state }) => [node, consumers, state]),
    [
      ["node1", ["service blog_web"], "held"],
      ["node2", [], "held"],
    ],
  );
});

test("a read-only volume is shown read-only, and a squashed one as its owner", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("r", "readonly");
  world.volumes.set("q", { ...world.volume("q"), squash: "app" });
  t.is((await world.attach(node1, "r")).mode, "ro");
  await world.attach(node1, "q");
  t.like(world.shown(node1, "r"), { readOnly: true, squash: null });
  t.like(world.shown(node1, "q"), { readOnly: false, squash: { uid: 1000, gid: 1001 } });
});

test("a node that renews, but not this volume, has it mounted no more: it loses it and nothing else", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  world.volume("s");
  await world.attach(node1, "x");
  await world.attach(node1, "s");
  await world.pass(minute + 1, [
    [node1, ["s"]],
    [node2, []],
  ]);
  await world.attach(node2, "x");
  t.is(world.leases.fenceOf(node1.id), null);
  t.not(world.shown(node1, "s"), null);
  t.is(world.shown(node1, "x"), null);
});

test("a shared lease is taken away after three terms of silence, an exclusive one is kept", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  world.volume("x", "exclusive");
  await world.attach(node1, "s");
  await world.attach(node1, "x");
  await world.pass(170_000, [[node2, []]]);
  await world.leases.sweep();
  t.not(world.shown(node1, "s"), null);
  await world.pass(20_000, [[node2, []]]);
  await world.leases.sweep();
  t.is(world.shown(node1, "s"), null);
  t.not(world.shown(node1, "x"), null);
  t.deepEqual((await world.renew(node1, ["s", "x"])).lost, ["s"]);
});

test("a volume that others have is not removed; one that the node itself has is taken from it first", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  await world.attach(node1, "s", ["service blog_web"]);
  await world.attach(node2, "s");
  const remove = (): Promise<string> => world.leases.remove("s", node1, async () => "removed");
  await t.throwsAsync(remove(), { code: "in-use", message: /"s" is mounted on node2 \(since/ });
  await world.leases.detach(node2, "s");
  t.is(await remove(), "removed");
  t.deepEqual(world.exports.all(), []);
  t.deepEqual(await world.files(), []);
});

test("a volume whose rules change is shown by the new ones at once", async (t) => {
  const world = await LeasesUnderTest.start(t);
  const record = world.volume("s");
  await world.attach(node1, "s");
  await world.leases.change("s", false, async () => ({ ...record, access: "readonly" }));
  t.like(world.shown(node1, "s"), { readOnly: true });
  t.is(world.leases.list()[0]?.mode, "ro");
});

test("of a node that is not one of ours any more nothing is left", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  await world.attach(node1, "s");
  await world.leases.nodeGone(node1.id);
  t.deepEqual(world.exports.all(), []);
  t.deepEqual([...world.exports.addresses], []);
  t.deepEqual([...new Set(world.clients.expired)], [node1.id]);
  t.is(world.leases.fenceOf(node1.id), null);
});

test("a release that is said after the node has attached again does not count", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  const polling = world.renew(node1, ["x"], { waitMs: 20_000 });
  const refused = t.throwsAsync(world.attach(node2, "x"), { code: "in-use" });
  const { requests } = await polling;
  await world.attach(node1, "x");
  const reply = { request: requests[0]?.id ?? "", outcome: "released" as const, consumers: [] };
  await world.renew(node1, [], { replies: [reply] });
  await refused;
  t.not(world.shown(node1, "x"), null);
});

test("a change of the catalog ends the wait of every node, once", async (t) => {
  const world = await LeasesUnderTest.start(t);
  for (const node of [node1, node2]) await world.renew(node, []);
  const polling = world.renew(node1, [], { waitMs: 20_000 });
  world.leases.announceChange();
  t.like((await polling).requests, { length: 1, 0: { kind: "changed" } });
  t.like((await world.renew(node2, [])).requests, { length: 1, 0: { kind: "changed" } });
  t.deepEqual((await world.renew(node1, [])).requests, []);
});

test("a long poll ends when its caller hangs up", async (t) => {
  const world = await LeasesUnderTest.start(t);
  const hangUp = new AbortController();
  const polling = world.leases.renew(node1, { ...nothingNew, waitMs: 20_000 }, hangUp.signal);
  hangUp.abort();
  t.deepEqual((await polling).requests, []);
});

test("when the kernel does not take a grant, there is no lease", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  world.exports.failure = new Error("EINVAL");
  await t.throwsAsync(world.attach(node1, "s"), { message: "EINVAL" });
  world.exports.failure = null;
  await world.restart();
  t.deepEqual(world.exports.all().length, world.leases.list().length);
});

test("what could not be taken from a revoked node at once is taken a moment later", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  world.volume("x", "exclusive");
  for (const name of ["s", "x"]) await world.attach(node1, name);
  world.revoked.add(node1.id);
  const folder = join(world.folder, "standing");
  await rmdir(folder);
  await t.throwsAsync(world.leases.nodeGone(node1.id), { code: "ENOENT" });
  await mkdir(folder);
  await world.leases.sweep();
  for (const name of ["s", "x"]) t.is(world.shown(node1, name), null);
  t.is(world.leases.fenceOf(node1.id), null);
});

test("a node that is revoked while it waits for a volume does not get it", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  const polling = world.renew(node1, ["x"], { waitMs: 20_000 });
  const attached = t.throwsAsync(world.attach(node2, "x"), { code: "denied", message: /revoked/ });
  const { requests } = await polling;
  world.revoked.add(node2.id);
  await world.leases.nodeGone(node2.id);
  const reply = { request: requests[0]?.id ?? "", outcome: "released" as const, consumers: [] };
  await world.renew(node1, [], { replies: [reply] });
  await attached;
  t.deepEqual(world.exports.all(), []);
});
