import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { LeasesUnderTest, nodes } from "./leases-under-test.ts";

const [node1, node2] = nodes;
const minute = 60_000;

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

test("a node that has moved is fenced with what the kernel knows of it by its former address", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.renew({ ...node1, address: "10.77.0.99" }, ["x"]);
  // Connections move, and the kernel goes on showing where the client was first.
  const { id, name, address } = node1;
  world.clients.clients = [{ id: name, address, name: id, status: "confirmed" }];
  await world.pass(minute + 1, [[node2, []]]);
  await world.attach(node2, "x");
  t.deepEqual(world.clients.clients, []);
});

test("an address that another node took over shows nothing of the former one", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node1, "x");
  await world.renew({ ...node2, address: node1.address }, []);
  const { address } = node1;
  world.clients.clients = [node1, node2].map(({ id, name }) => ({
    id: name,
    address,
    name: id,
    status: "confirmed",
  }));
  t.is(world.shown(node1, "x"), null);
  await world.pass(minute + 1, [[{ ...node2, address: node1.address }, []]]);
  await world.attach({ ...node2, address: node1.address }, "x");
  t.deepEqual(
    world.clients.clients.map(({ name }) => name),
    [node2.id],
    "what the former one has there goes, the new one's locks stay",
  );
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
