import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { PluginMetrics } from "../../../plugin/metrics/metrics.ts";
import { beginCleaning } from "../../../plugin/waste/cleaning.ts";
import type { WasteBin } from "../../../plugin/waste/waste-bin.ts";
import { parseSettings } from "../../../plugin/settings.ts";
import { UserError } from "../../../service/user-error.ts";
import type { Waste } from "../../../storage/verbs.ts";
import { create, node1, node2 } from "../../storage/conformance.ts";
import { directoryStorage, temporaryDirectory } from "../../storage/places.ts";
import { until } from "../until.ts";

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

/** What a node's Docker keeps; what is removed is gone. */
class Bin implements WasteBin {
  things = ["a", "b", "c"];
  asked: string[] = [];
  /** Called before each removal. */
  before: (id: string) => void = () => {};
  isSilent = false;

  async find(before: string): Promise<readonly Waste[]> {
    this.asked.push(before);
    if (this.isSilent) throw new UserError("unavailable", "Docker does not answer");
    const since = "2026-01-01T00:00:00Z";
    return this.things.map((id) => ({
      kind: "container",
      id,
      name: id,
      bytes: 1000,
      since,
      labels: {},
    }));
  }

  async remove({ id }: Pick<Waste, "id">): Promise<void> {
    this.before(id);
    if (id === "used") throw new UserError("in-use", "it is used or named again");
    this.things = this.things.filter((each) => each !== id);
  }
}

async function start(t: ExecutionContext, environment: NodeJS.ProcessEnv = {}) {
  const state = await mkdtemp(join(tmpdir(), "swarmnfs-cleaning-"));
  t.teardown(() => rm(state, { recursive: true, force: true }));
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  t.teardown(() => storage.close());
  const settings = parseSettings({
    SWARMNFS_CLEAN: "docker",
    SWARMNFS_STATE: state,
    ...environment,
  });
  const lines: Record<string, unknown>[] = [];
  const world = {
    bin: new Bin(),
    storage,
    lines,
    nowMs: Date.now(),
    looks: 0,
    life: new AbortController(),
    metrics: new PluginMetrics(),
    unfinished: async () => {
      const text = await readFile(join(state, "clean.json"), "utf8").catch(() => "{}");
      return (JSON.parse(text) as { unfinished?: boolean }).unfinished ?? null;
    },
    /** Begins, also after it was ended. */
    begin: async () => {
      world.life = new AbortController();
      const clock = {
        now: () => {
          world.looks += 1;
          return world.nowMs;
        },
      };
      await beginCleaning(
        {
          settings,
          waste: world.bin,
          storage,
          watch: { id: "id", trouble: null },
          node: node1,
          metrics: world.metrics,
          onDamage: () => t.fail(),
          clock,
          log: pino(
            { base: null },
            { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
          ),
        },
        world.life.signal,
        2,
      );
    },
    /** Settles when it has looked several times since. */
    looked: async () => {
      const before = world.looks;
      await until("it was looked", () => world.looks > before + 4);
    },
  };
  t.teardown(() => world.life.abort());
  await world.begin();
  await world.looked();
  return world;
}

test("nothing goes before its time, what is old goes then, is logged and counted, and a restart does not do it again", async (t) => {
  const world = await start(t);
  world.bin.things.push("used");
  t.deepEqual(world.bin.asked, []);
  world.nowMs += weekMs;
  await until("it is done", () => world.bin.things.join() === "used");
  await until("that is known", async () => (await world.unfinished()) === false);
  t.is(Date.parse(world.bin.asked[0] ?? ""), Math.floor((world.nowMs - weekMs) / 1000) * 1000);
  const removed = world.lines.filter(({ audit }) => audit === "clean");
  t.deepEqual(
    removed.map(({ kind, name, bytes }) => [kind, name, bytes]),
    ["a", "b", "c"].map((name) => ["container", name, 1000]),
  );
  t.true(world.lines.some(({ name, reason }) => name === "used" && /used or/.test(String(reason))));
  world.life.abort();
  world.bin.things.push("d");
  await world.begin();
  await world.looked();
  t.is(world.bin.asked.length, 1);
});

test("what was missed while nobody was there is made up for once", async (t) => {
  const world = await start(t);
  world.life.abort();
  world.nowMs += 5 * weekMs;
  await world.begin();
  await until("it is done", () => world.bin.things.length === 0);
  await until("that is known", async () => (await world.unfinished()) === false);
  await world.looked();
  t.is(world.bin.asked.length, 1);
});

test("what a restart interrupted is gone on with", async (t) => {
  const world = await start(t);
  world.bin.before = (id) => id === "a" && world.life.abort();
  world.nowMs += weekMs;
  await until("the first is gone", () => world.bin.things.join() === "b,c");
  t.true(await world.unfinished());
  await world.begin();
  await until("the rest is gone", () => world.bin.things.length === 0);
  await until("that is known", async () => (await world.unfinished()) === false);
});

test("a Docker that is silent is asked again after ten minutes, and not all the time", async (t) => {
  const world = await start(t);
  world.bin.isSilent = true;
  world.nowMs += weekMs;
  await until("it was asked", () => world.bin.asked.length === 1);
  await world.looked();
  t.is(world.bin.asked.length, 1);
  world.bin.isSilent = false;
  world.nowMs += 11 * 60_000;
  await until("it is done", () => world.bin.things.length === 0);
});

test("of the trash goes what is older than was said, but nothing that a node still has", async (t) => {
  const world = await start(t, {
    SWARMNFS_CLEAN: "trash",
    SWARMNFS_CLEAN_OLDER_THAN: "3d",
  });
  const { storage } = world;
  for (const name of ["old", "held"]) {
    await create(storage, name);
    await storage.remove(name, node1);
  }
  const since = new Date().toISOString();
  await storage.renew([{ volume: "held", since, consumers: ["service s"] }], node2);
  world.nowMs += weekMs;
  const names = async (): Promise<string[]> =>
    (await storage.trash()).map(({ record }) => record.volume.name);
  await until("the old one is gone", async () => !(await names()).includes("old"));
  t.deepEqual(await names(), ["held"]);
  t.deepEqual(world.bin.asked, []);
});
