// dir:// on GlusterFS, replica 3, as docs/scale.md and deploy/gluster have it; its machines are name spaces of this one.
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { provideSystem } from "../../lab/image/system.ts";
import { GuardedStorage, type GuardedOptions } from "../../storage/keeper/guarded-storage.ts";
import type { Attachment } from "../../storage/storage.ts";
import { patient } from "../lab/conformance/patience.ts";
import { eventually, say } from "../lab/eventually.ts";
import { linesOf } from "../lab/writer.ts";
import { conformance, create, node1 } from "../storage/conformance.ts";
import { keeper } from "../storage/places.ts";
import { counting, Gluster } from "./gluster.ts";
import { SpaceNetwork } from "./space-network.ts";
import { SpaceNode } from "./space-node.ts";

const place = "/srv/swarm";
const undo: (() => unknown)[] = [];
let nodes: readonly SpaceNode[] = [];
let gluster: Gluster;

test.before(async (t) => {
  t.timeout(1_200_000);
  const { tree } = await provideSystem(say);
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-scale-"));
  undo.unshift(() => rm(folder, { recursive: true, force: true }));
  const network = await SpaceNetwork.open();
  undo.unshift(() => network.close());
  nodes = [11, 12, 13].map(
    (host) => new SpaceNode(tree, path.join(folder, `${host}`), `g${host}`, network, host),
  );
  for (const each of nodes) {
    undo.unshift(() => each.powerOff());
    await mkdir(path.join(folder, each.name.slice(1)));
    await each.boot();
  }
  gluster = await Gluster.make(nodes);
  for (const each of nodes) await gluster.mount(each, place);
});

test.after.always(async () => {
  for (const each of undo) await each();
});

function node(number: number): SpaceNode {
  const found = nodes[number - 1];
  if (found === undefined) throw new Error(`there is no node ${number}`);
  return found;
}

/** The storage as one of the machines sees it. The suite looks into volumes from outside of them. */
class StorageThere extends GuardedStorage {
  readonly #node: SpaceNode;

  constructor(there: SpaceNode, folder: string, options: Partial<GuardedOptions> = {}) {
    const mount = { type: "fuse.glusterfs", from: "/" };
    const url = `dir://${place}${folder}?mount=fuse.glusterfs`;
    super(
      { url, path: `${there.root}${place}${folder}`, trashDays: 30, makeRoot: false, mount },
      { keeper: there.among(keeper.command, keeper.args), deadlines: patient, ...options },
    );
    this.#node = there;
  }

  override async attach(...args: Parameters<GuardedStorage["attach"]>): Promise<Attachment> {
    const attachment = await super.attach(...args);
    return {
      ...attachment,
      source: this.#node.seen(attachment.source.slice(this.#node.root.length)),
    };
  }
}

conformance("dir:// on GlusterFS", async (t) => {
  t.timeout(600_000);
  const folder = `/conformance-${randomUUID()}`;
  const first = node(1);
  await first.must(`mkdir ${place}${folder}`);
  t.teardown(() => first.run(`rm -rf ${place}${folder}`));
  let connections = 0;
  return {
    connect: () => {
      const storage = new StorageThere(node(1 + (connections % 2)), folder);
      connections += 1;
      t.teardown(() => storage.close());
      return storage;
    },
  };
});

async function lastSaid(): Promise<number> {
  return Number((await node(1).run("tail -n 1 /run/said")).stdout);
}

test.serial(
  "a machine lost while another one writes: no acknowledged line is missing, and it has all when it is back",
  async (t) => {
    t.timeout(900_000);
    const lost = node(3);
    await node(1).must(
      `rm -f /run/said; (${counting(`${place}/lines`, "/run/said")}) >/run/ended 2>&1 &`,
    );
    await eventually(async () => (await lastSaid()) > 30, "thirty lines are written");
    await lost.cut();
    await lost.powerOff();
    const before = await lastSaid();
    const began = performance.now();
    await eventually(
      async () => (await lastSaid()) > before + 30,
      "thirty more are, by two machines",
    );
    say(`${Math.round((performance.now() - began) / 1000)} s for thirty lines from the loss on`);
    await lost.boot();
    await gluster.start(lost);
    const after = await lastSaid();
    await eventually(async () => (await lastSaid()) > after + 30, "thirty more are, by three");
    await node(1).must(`pkill -f '[w]hile n='`);
    const acknowledged = await lastSaid();
    await gluster.isWhole(300_000);
    const copies = await Promise.all(nodes.map((each) => gluster.onBrick(each, "lines")));
    const [copy = ""] = copies;
    t.true(linesOf(copy) >= acknowledged);
    t.is(new Set(copies).size, 1);
    t.is(await gluster.splitBrains(), 0);
    await gluster.mount(lost, place);
    t.is(await lost.must(`cat ${place}/lines`), copy);
  },
);

test.serial(
  "a machine that is alone writes nothing, and goes on when another one is back; nothing is split",
  async (t) => {
    t.timeout(900_000);
    const alone = node(1);
    await alone.must(`echo before >${place}/alone`);
    for (const each of [node(2), node(3)]) {
      await each.cut();
      await each.powerOff();
    }
    await eventually(
      async () => (await alone.run(`timeout 60 sh -c 'echo alone >${place}/alone'`)).exitCode !== 0,
      "it is refused",
    );
    for (const each of [node(2), node(3)]) {
      await each.boot();
      await gluster.start(each);
    }
    await eventually(
      async () => (await alone.run(`timeout 60 sh -c 'echo after >${place}/alone'`)).exitCode === 0,
      "it writes again",
    );
    await gluster.isWhole(300_000);
    t.is(await gluster.splitBrains(), 0);
    for (const each of nodes) t.is(await gluster.onBrick(each, "alone"), "after");
    for (const each of [node(2), node(3)]) await gluster.mount(each, place);
  },
);

test.serial(
  "where it is not mounted yet, or its client has died, nothing is written below; mounted again, all goes on",
  async (t) => {
    t.timeout(600_000);
    const here = node(2);
    await here.must(`umount ${place}`);
    const storage = new StorageThere(here, "", { probeEveryMs: 500 });
    t.teardown(() => storage.close());
    const refusal = {
      code: "unavailable",
      message: /is not mounted on this node: a mount of type fuse\.glusterfs was expected/,
    };
    await t.throwsAsync(storage.open(null), refusal);
    t.deepEqual(await readdir(here.seen(place)), []);

    await node(1).must(`rm -f ${place}/lines ${place}/alone`);
    await gluster.mount(here, place);
    await eventually(() => storage.trouble === null, "it is taken up");
    await create(storage, "v");

    await gluster.killClient(here, place);
    await t.throwsAsync(create(storage, "w"), { code: "unavailable" });
    await here.must(`umount --lazy ${place}`);
    await t.throwsAsync(create(storage, "w"), { code: "unavailable" });
    t.deepEqual(await readdir(here.seen(place)), []);

    await gluster.mount(here, place);
    await eventually(() => storage.trouble === null, "it is taken up again");
    t.is((await storage.attach("v", node1, [])).type, "bind");
    const other = new StorageThere(node(3), "");
    t.teardown(() => other.close());
    await other.open((await storage.open(null)).id);
    t.is((await other.get("v"))?.name, "v");
  },
);
