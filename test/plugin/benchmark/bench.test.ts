// The whole plugin, with an engine in memory whose containers say what fio said before.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { PluginFailure } from "../../../cli/plugin-client.ts";
import { PluginWorksClient } from "../../../cli/plugin-works.ts";
import type { BenchProgress, BenchReport, BenchRequest } from "../../../storage/bench-report.ts";
import type { FakeDaemon } from "../fake-daemon.ts";
import { startPlugin, type Circumstances, type PluginUnderTest } from "../plugin-under-test.ts";
import { until } from "../until.ts";
import { FakeThrowAway, said } from "./fake-throw-away.ts";

interface Node {
  readonly plugin: PluginUnderTest;
  readonly containers: FakeThrowAway;
  readonly daemon: FakeDaemon;
}

async function startNode(t: ExecutionContext, circumstances: Circumstances = {}): Promise<Node> {
  const containers = new FakeThrowAway();
  const plugin = await startPlugin(t, { ...circumstances, throwAway: () => containers });
  const daemon = containers.belongTo(plugin);
  // Nobody but a stack's services may mount it, and the container that measures is none.
  await daemon.create("db", { app: "shop", services: "shop_db", uid: "70", gid: "70" });
  return { plugin, containers, daemon };
}

function bench(
  { plugin }: Node,
  request: Partial<BenchRequest> = {},
  onProgress: (progress: BenchProgress) => void = () => undefined,
): Promise<BenchReport> {
  const client = new PluginWorksClient(() => Promise.resolve(plugin.socketPath), true);
  return client.follow(
    "Bench",
    { volume: "db", quick: true, profile: null, ...request },
    onProgress,
  );
}

/** Scratch volumes that Docker, the storage or the plugin still knows. */
async function left({ plugin, daemon }: Node): Promise<readonly string[]> {
  const meta = join(plugin.storagePath, ".swarmnfs");
  const noted = await readFile(join(plugin.state, "bench.json"), "utf8").catch(() => "{}");
  const { volumes = [] } = JSON.parse(noted) as { volumes?: string[] };
  const names = [
    ...volumes,
    ...(await daemon.volumes()),
    ...(await readdir(join(plugin.storagePath, "apps/shop"))),
    ...(await readdir(join(meta, "trash")).catch(() => [])),
    ...[...plugin.engine.containers.values()].map(({ name }) => name),
  ];
  return names.filter((name) => name.startsWith("swarmnfs-bench-"));
}

function refused(code: string, message: RegExp) {
  return (error: unknown): boolean =>
    error instanceof PluginFailure && error.code === code && message.test(error.message);
}

async function refusalOf(node: Node, request: Partial<BenchRequest> = {}): Promise<string> {
  try {
    await bench(node, request);
  } catch (error) {
    if (error instanceof PluginFailure) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "not refused";
}

test("a volume is measured on a scratch volume of its app, beside the node's disk, and nothing is left", async (t) => {
  const node = await startNode(t);
  const scratch: string[] = [];
  node.containers.onRun = async (place) => {
    if (place.kind === "volume") {
      t.deepEqual([place.uid, place.gid], [70, 70]);
      scratch.push(place.name);
    }
    return said("fio-3.39");
  };
  const told: BenchProgress[] = [];
  const report = await bench(node, {}, (progress) => told.push(progress));
  t.like(report, {
    volume: "db",
    app: "shop",
    node: "node1",
    rounds: 3,
    direct: true,
    remains: [],
  });
  t.is(report.figures.length, 9);
  // One round to warm up and three that count, in turn.
  t.is(node.containers.ran.join(), "volume,node,volume,node,node,volume,volume,node");
  t.is(new Set(scratch).size, 1);
  t.false(scratch.includes("db"));
  t.deepEqual([told[0]?.done, told[0]?.total, told.at(-1)?.done], [0, 8, 8]);
  t.deepEqual(await left(node), []);
  t.deepEqual(await node.daemon.volumes(), ["db"]);
});

test("an option is tried on a scratch volume that has it, and what looked better is tried again", async (t) => {
  const node = await startNode(t);
  const text = await said("fio-3.39");
  const options = new Map<string, readonly string[]>();
  let runs = 0;
  node.containers.onRun = async (place) => {
    if (place.kind === "node") return text;
    const path = join(node.plugin.storagePath, ".swarmnfs/volumes", `${place.name}.json`);
    const { mountOptions } = JSON.parse(await readFile(path, "utf8")) as {
      mountOptions: readonly string[];
    };
    options.set(place.name, mountOptions);
    const isFaster = mountOptions.includes("noatime");
    runs += isFaster ? 1 : 0;
    return isFaster ? text.replaceAll(/"iops" : [\d.]+/g, "$&e3") : text;
  };
  const { trials, figures } = await bench(node, { quick: false, profile: "web" });
  t.deepEqual([...options.values()], [[], ["noatime"]]);
  t.is(runs, 1 + 5 + 4);
  t.is(figures[0]?.values["option-1"]?.rounds.length, 9);
  t.is(figures[0]?.values["node"]?.rounds.length, 5);
  t.like(trials, [
    {
      option: "noatime",
      verdict: "worth it",
      command: "swarmnfs volumes set db mount-options=noatime",
    },
  ]);
  t.deepEqual(await left(node), []);
});

test("where one place has no O_DIRECT, all are measured without", async (t) => {
  const node = await startNode(t);
  const past: boolean[] = [];
  node.containers.onRun = async (place, words) => {
    const direct = words.includes("--direct=1");
    past.push(direct);
    return said(direct && place.kind === "volume" ? "fio-3.39-no-direct" : "fio-3.39");
  };
  t.false((await bench(node, { profile: "database" })).direct);
  t.deepEqual(past, [true, ...Array.from({ length: 7 }, () => false)]);
});

test("a disk that fills up ends it, and nothing is left", async (t) => {
  const node = await startNode(t);
  node.containers.onRun = () => said("fio-3.39-full");
  await t.throwsAsync(bench(node), { message: /no room left/ });
  t.deepEqual(await left(node), []);
});

test("whoever hangs up ends it, and nothing is left", async (t) => {
  const node = await startNode(t);
  node.containers.onRun = () => new Promise<string>(() => undefined);
  const over = new AbortController();
  const asked = node.plugin.docker.send(
    "/Swarmnfs.Bench",
    JSON.stringify({ volume: "db", quick: true, profile: null }),
    over.signal,
  );
  asked.catch(() => undefined);
  await until("a container measures", () => node.containers.ran.length > 0);
  over.abort();
  await until("nothing is left", async () => (await left(node)).length === 0);
  node.containers.onRun = () => said("fio-3.39");
  await t.notThrowsAsync(bench(node, { profile: "web" }));
});

test("what a plugin that was killed left behind, the next one takes away, and no volume of anybody else", async (t) => {
  const node = await startNode(t);
  await node.daemon.create("swarmnfs-bench-mine", { app: "shop" });
  node.containers.onRun = () => new Promise<string>(() => undefined);
  bench(node).catch(() => undefined);
  await until("a container measures", () => node.containers.ran.length > 0);
  await node.plugin.crash();
  await node.plugin.begin();
  const mine = ["swarmnfs-bench-mine", "swarmnfs-bench-mine"].join();
  await until("its own are gone", async () => (await left(node)).join() === mine);
  t.pass();
});

test("what cannot be taken away at once is said, and taken away before the next time", async (t) => {
  const node = await startNode(t);
  let runs = 0;
  node.containers.onRun = async () => {
    runs += 1;
    node.containers.isStuck = runs >= 8;
    return said("fio-3.39");
  };
  const { remains } = await bench(node);
  t.regex(remains.join(), /could not be taken away.*tried again.*Docker does not answer/);
  t.true((await left(node)).length > 0);
  node.containers.isStuck = false;
  runs = -100;
  t.deepEqual((await bench(node)).remains, []);
  t.deepEqual(await left(node), []);
});

test("two at a time would measure each other", async (t) => {
  const node = await startNode(t);
  const go = Promise.withResolvers<void>();
  node.containers.onRun = () => go.promise.then(() => said("fio-3.39"));
  const first = bench(node, { profile: "web" });
  await until("a container measures", () => node.containers.ran.length > 0);
  t.regex(await refusalOf(node), /^in-use: "db" is being measured on node1/);
  go.resolve();
  await t.notThrowsAsync(first);
});

test("it is refused where it would tell nothing or do harm, with the reason", async (t) => {
  const node = await startNode(t);
  t.regex(await refusalOf(node, { volume: "nowhere" }), /^not-found: there is no volume "nowhere"/);
  await node.daemon.create("all", { root: "true" });
  t.regex(await refusalOf(node, { volume: "all" }), /^unsupported: "all" is the whole storage/);
  await node.daemon.create("far", { app: "far", hosts: "node7" });
  t.regex(
    await refusalOf(node, { volume: "far" }),
    /^denied: "far" may be mounted on node7; this is node "node1"/,
  );
  node.containers.hasImage = false;
  t.is(await refusalOf(node), "not-found: no image");
  node.plugin.weather = "refusing";
  t.regex(await refusalOf(node), /^unavailable: /);
  t.deepEqual(node.containers.ran, []);
  node.plugin.weather = "fine";
  t.deepEqual(await left(node), []);
});

test("without Docker's socket it says so, and a request that makes no sense is refused", async (t) => {
  const without = await startPlugin(t, { withEngine: false });
  const client = new PluginWorksClient(() => Promise.resolve(without.socketPath), true);
  const follow = client.follow(
    "Bench",
    { volume: "db", quick: true, profile: null },
    () => undefined,
  );
  t.true(refused("unsupported", /SWARMNFS_DOCKER/)(await t.throwsAsync(follow)));
  const { text } = await without.docker.send("/Swarmnfs.Bench", "{}");
  t.like(JSON.parse(text) as object, { failure: { code: "invalid" } });
});
