import test from "ava";
import type { LiveNode } from "../../../nfs-server/nodes/live-node.ts";
import { LeasesUnderTest, nodes, nothingNew } from "./leases-under-test.ts";

const [node1, node2] = nodes;
const because = 'app "blog" is for node1 now';

const mayStay = ({ node }: { readonly node: string }): boolean => node === node1.name;

/** Only node1 may stay. */
function narrow(world: LeasesUnderTest, volumes: readonly string[], done: string[] = []) {
  return world.leases.narrowing.narrow({ volumes, mayStay, because }, async () =>
    done.push("changed"),
  );
}

/** A node that answers the next question. */
async function answers(
  world: LeasesUnderTest,
  node: LiveNode,
  volume: string,
  consumers: readonly string[],
): Promise<void> {
  const { requests } = await world.renew(node, [volume], { waitMs: 20_000 });
  const outcome = consumers.length === 0 ? ("released" as const) : ("in-use" as const);
  const reply = { request: requests[0]?.id ?? "", outcome, consumers: [...consumers] };
  await world.renew(node, consumers.length === 0 ? [] : [volume], { replies: [reply] });
}

test("who may not have a shared volume any more loses it, is told at once, and leaves an audit line", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("s");
  world.volume("other");
  for (const node of [node1, node2]) await world.attach(node, "s", ["service blog_web"]);
  await world.attach(node2, "other");
  const polling = world.renew(node2, ["s", "other"], { waitMs: 20_000 });
  await narrow(world, ["s"]);
  t.deepEqual((await polling).lost, ["s"]);
  t.is(world.shown(node2, "s"), null);
  t.not(world.shown(node1, "s"), null, "who may stay");
  t.not(world.shown(node2, "other"), null, "what was not meant");
  t.is(world.leases.fenceOf(node2.id), null);
  t.like(
    world.lines.find(({ audit }) => audit === "lease-ended"),
    {
      volume: "s",
      node: "node2",
      because,
    },
  );
});

test("an exclusive volume is asked back first, and gone when nobody uses it", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node2, "x");
  const answered = answers(world, node2, "x", []);
  await narrow(world, ["x"]);
  await answered;
  t.deepEqual(world.leases.holdersOf("x"), []);
  t.is(world.leases.fenceOf(node2.id), null);
});

test("an exclusive volume that is in use stays, and nothing is changed", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  world.volume("s");
  await world.attach(node2, "x");
  await world.attach(node2, "s");
  const done: string[] = [];
  const answered = answers(world, node2, "x", ["service shop_db"]);
  const error = await t.throwsAsync(narrow(world, ["x", "s"], done), { code: "in-use" });
  await answered;
  t.is(
    error?.message,
    '"x" is used by one node alone, and is in use on "node2" (service shop_db). Stop it there first. Nothing was changed',
  );
  t.deepEqual(done, []);
  t.not(world.shown(node2, "x"), null);
  t.not(world.shown(node2, "s"), null, "nothing half");
});

test("an exclusive volume of a node that does not answer stays, until the node is silent: then it is fenced", async (t) => {
  const world = await LeasesUnderTest.start(t, "silent");
  world.volume("x", "exclusive");
  await world.attach(node2, "x");
  await t.throwsAsync(narrow(world, ["x"]), { code: "in-use", message: /did not say in time/ });
  await world.pass(70_000, [[node1, []]]);
  await narrow(world, ["x"]);
  t.not(world.leases.fenceOf(node2.id), null);
  t.is(world.shown(node2, "x"), null);
});

test("a node whose plugin is being upgraded is not fenced for new rules", async (t) => {
  const world = await LeasesUnderTest.start(t);
  world.volume("x", "exclusive");
  await world.attach(node2, "x");
  await world.leases.absence(node2, 300_000);
  await t.throwsAsync(narrow(world, ["x"]), { code: "in-use", message: /restarted or upgraded/ });
  t.is(world.leases.fenceOf(node2.id), null);
});

test("a volume that a node is about to get while its rules change is taken away as well", async (t) => {
  const world = await LeasesUnderTest.start(t);
  const record = world.volume("s");
  const looked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const attaching = world.leases.attach(node2, {
    volume: "s",
    consumers: [],
    look: async () => {
      looked.resolve();
      await goOn.promise;
      return record;
    },
    prepare: async () => {},
  });
  await looked.promise;
  const narrowed = narrow(world, ["s"]);
  goOn.resolve();
  await attaching;
  await narrowed;
  t.is(world.shown(node2, "s"), null);
  t.deepEqual((await world.leases.renew(node2, nothingNew, new AbortController().signal)).lost, []);
});
