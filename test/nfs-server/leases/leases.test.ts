import { readFile, writeFile } from "node:fs/promises";
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
  t.deepEqual(world.clients.expired, [node1.address]);
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
  t.deepEqual(world.clients.expired, [node1.address]);
  t.regex(world.leases.fenceOf(node1.id)?.because ?? "", /not heard of for 1 m.* while it had "x"/);
  t.deepEqual(
    (await world.files()).filter((name) => name.includes(node1.id)),
    [],
  );
  await t.throwsAsync(world.attach(node1, "s"), { message: /"node1" is fenced since/ });
  const told = await world.renew(node1, ["x", "s"]);
  t.like(told, { fenced: true, lost: ["x", "s"] });
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

test("time in which the server heard nobody counts for nothing: it was cut off itself", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(10 * minute);
  await t.throwsAsync(world.attach(node2, "x"), { code: "in-use", message: /did not say in time/ });
  t.is(world.leases.fenceOf(node1.id), null);
});

test("after a restart every lease has a full term, and is shown at once", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(50_000, [[node2, []]]);
  await world.restart();
  t.not(world.shown(node1, "x"), null);
  await world.pass(50_000, [[node2, []]]);
  await t.throwsAsync(world.attach(node2, "x"), { code: "in-use" });
  await world.pass(11_000, [[node2, []]]);
  await world.attach(node2, "x");
  t.not(world.leases.fenceOf(node1.id), null);
});

test("after a restart a volume that is gone, or is another one of its name, is shown to nobody", async (t) => {
  const world = await LeasesUnderTest.start(t);
  for (const name of ["gone", "anew", "stays"]) world.volume(name);
  for (const name of ["gone", "anew", "stays"]) await world.attach(node1, name);
  world.volumes.delete("gone");
  world.volume("anew");
  await world.restart();
  t.deepEqual(
    world.exports.all().map(({ granted }) => granted.volume),
    ["stays"],
  );
  t.deepEqual(await world.files(), [`stays@${node1.id}.json`]);
});

test("a lease that cannot be read is left alone, and its volume is given to nobody else alone", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  const file = join(world.folder, "leases", `x@${node1.id}.json`);
  const text = await readFile(file, "utf8");
  await writeFile(file, "{");
  await world.restart();
  await t.throwsAsync(world.attach(node2, "x"), {
    code: "in-use",
    message: new RegExp(
      `"x" cannot be given to one node alone: the lease "${file}" cannot be read`,
    ),
  });
  t.is(await readFile(file, "utf8"), "{");
  await t.throwsAsync(
    world.leases.remove("x", node2, async () => {}),
    { code: "in-use" },
  );
  await writeFile(file, text);
  await t.throwsAsync(world.attach(node2, "x"), { code: "in-use", message: /did not say in time/ });
  t.not(world.shown(node1, "x"), null, "it was mended, and holds again");
});

test("a node whose own lease cannot be read gets a new one; what cannot be read is kept aside", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await writeFile(join(world.folder, "leases", `x@${node1.id}.json`), "{");
  await world.restart();
  await world.attach(node1, "x");
  const files = (await world.files()).toSorted();
  t.is(files[0], `x@${node1.id}.json`);
  t.regex(files[1] ?? "", /\.json\.damaged-/);
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

test("a node that moves is known at its new address, and no more at the old one", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  await world.attach(node1, "s");
  const moved = { ...node1, address: "10.77.0.99" };
  await world.renew(moved, ["s"]);
  t.not(world.shown(moved, "s"), null);
  t.is(world.shown(node1, "s"), null);
  await world.restart();
  t.not(world.shown(moved, "s"), null, "also after a restart");
});

test("an address that another node took over shows nothing of the former one", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.renew({ ...node2, address: node1.address }, []);
  t.is(world.shown(node1, "x"), null);
  await world.pass(minute + 1, [[{ ...node2, address: node1.address }, []]]);
  await world.attach({ ...node2, address: node1.address }, "x");
  t.deepEqual(world.clients.expired, [], "its locks are the new node's");
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

test("of a node that is not one of ours any more nothing is left", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  await world.attach(node1, "s");
  await world.leases.nodeGone(node1.id);
  t.deepEqual(world.exports.all(), []);
  t.deepEqual([...world.exports.addresses], []);
  t.deepEqual(world.clients.expired, [node1.address]);
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

test("what the kernel could not revoke is held until it can", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.pass(minute + 1, [[node2, []]]);
  world.exports.failure = new Error("EIO");
  await t.throwsAsync(world.attach(node2, "x"), { message: "EIO" });
  t.not(world.leases.fenceOf(node1.id), null);
  world.exports.failure = null;
  await world.attach(node2, "x");
  t.is(world.shown(node1, "x"), null);
});

test("a volume that cannot be shown after a restart keeps no other from being shown", async (t) => {
  const world = await LeasesUnderTest.start(t);
  for (const name of ["a", "b"]) {
    world.volume(name);
    await world.attach(node1, name);
  }
  const grant = world.exports.grant.bind(world.exports);
  world.exports.grant = async (client, granted) => {
    if (granted.volume === "a") throw new Error("its directory is missing");
    await grant(client, granted);
  };
  await world.restart();
  t.is(world.shown(node1, "a"), null);
  t.not(world.shown(node1, "b"), null);
  world.exports.grant = grant;
  await world.attach(node1, "a");
  t.not(world.shown(node1, "a"), null);
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

test("a server that is killed while it takes everything from a revoked node gives it nothing back", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  world.revoked.add(node1.id);
  await world.restart();
  t.deepEqual(world.exports.all(), []);
  await world.leases.sweep();
  t.deepEqual(await world.files(), []);
  await world.attach(node2, "x");
});
