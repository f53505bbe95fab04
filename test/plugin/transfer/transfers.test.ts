import test from "ava";
import { Passes } from "../../../plugin/benchmark/passes.ts";
import type { OtherVolume, TransferEngine } from "../../../plugin/transfer/transfer-engine.ts";
import { Transfers } from "../../../plugin/transfer/transfers.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import type { TransferLine } from "../../../storage/transfer/transfer-report.ts";
import { pino } from "pino";
import { volumeRecord } from "../../storage/records/volume-record.ts";

const none = { count: 0, first: [] };
const report = { whole: true, files: 7, bytes: 99, differences: none, leftOut: none };
const progress = { doing: "copying", bytes: 1, total: 9, files: 1 } as const;
const signal = new AbortController().signal;

/** A node with the volume "blog_data" of app "blog", and an engine that does as it is told. */
class World {
  readonly others = new Map<string, OtherVolume>([
    ["old", { driver: "local", options: {} }],
    ["nas", { driver: "local", options: { type: "nfs4" } }],
    ["cloud", { driver: "rclone:latest", options: {} }],
    ["ours", { driver: "swarmnfs:latest", options: {} }],
  ]);
  readonly volumes = new Map<string, VolumeRecord>([
    ["blog_data", volumeRecord("blog_data", { app: "blog" })],
    ["half", volumeRecord("half", { app: "blog", state: "filling" })],
  ]);
  readonly passes = new Passes();
  readonly jobs: string[] = [];
  says: readonly (TransferLine | string)[] = [{ progress }, { report }];
  users: readonly string[] = [];
  mounted: readonly string[] = [];
  /** Whether the container that runs may have the volume. */
  isAllowed: boolean | null = null;

  readonly #engine: TransferEngine = {
    volume: async (name) => this.others.get(name) ?? null,
    usersOf: async () => this.users,
    run: async ({ name, what, from, to }, hear) => {
      this.jobs.push(`${name}: ${what}: ${JSON.stringify([from, to])}`);
      const id = this.volumes.get("blog_data")?.id ?? "";
      this.isAllowed = this.passes.allow(id, [{ kind: "container", container: name }]);
      for (const line of this.says) hear(typeof line === "string" ? line : JSON.stringify(line));
    },
  };

  readonly transfers = new Transfers({
    engine: this.#engine,
    driver: async () => "swarmnfs",
    node: { id: "018f0000-0000-7000-8000-000000000001", name: "node1" },
    passes: this.passes,
    look: async (volume) => this.volumes.get(volume) ?? null,
    create: async (volume, app) => {
      this.volumes.set(volume, volumeRecord(volume, { app }));
    },
    usersOf: () => this.mounted,
    log: pino({ level: "silent" }),
  });

  import(source: string, volume = "blog_data", app = "blog", live = false) {
    return this.transfers.import({ source, app, volume, live }, () => undefined, signal);
  }

  export(target: string, volume = "blog_data", live = false) {
    return this.transfers.export({ volume, target, live }, () => undefined, signal);
  }
}

test("an import runs one container that alone may have the volume, and tells how far it is", async (t) => {
  const world = new World();
  const told: unknown[] = [];
  const request = { source: "local:old", app: "blog", volume: "blog_data", live: false };
  const answer = await world.transfers.import(request, (each) => told.push(each), signal);
  t.deepEqual(answer, { volume: "blog_data", report });
  t.deepEqual(told, [progress]);
  t.deepEqual(world.jobs, [
    'swarmnfs-import-blog_data: local:old of node1: [{"kind":"volume","name":"old","driver":"local"},{"kind":"volume","name":"blog_data","driver":"swarmnfs"}]',
  ]);
  t.true(world.isAllowed);
  const id = world.volumes.get("blog_data")?.id ?? "";
  const consumer = { kind: "container", container: "swarmnfs-import-blog_data" } as const;
  t.false(world.passes.allow(id, [consumer]), "not any more");
});

test("a volume that is not there is made, of the app that was said", async (t) => {
  const world = new World();
  await world.import("/srv/site", "site", "web");
  t.is(world.volumes.get("site")?.app, "web");
  t.regex(world.jobs.join(), /"kind":"path","path":"\/srv\/site"/);
});

for (const [source, code, message] of [
  ["local:none", "not-found", /no volume "none" on node "node1"/],
  ["local:ours", "invalid", /swarmnfs volumes clone ours NEW/],
  ["volume:ours", "invalid", /one of swarmnfs itself/],
  ["local:cloud", "invalid", /of the plugin rclone:latest\. Say: volume:cloud/],
  ["nfs:old", "invalid", /no NFS volume\. Say: local:old/],
  ["somewhere", "invalid", /not a place/],
] as const) {
  test(`an import of ${source} is refused`, async (t) => {
    const world = new World();
    await t.throwsAsync(world.import(source), { code, message });
    t.deepEqual(world.jobs, []);
  });
}

test("NFS volumes and those of other plugins come in by their names", async (t) => {
  const world = new World();
  await world.import("nfs:nas");
  await world.import("local:nas");
  await world.import("volume:cloud");
  t.is(world.jobs.length, 3);
});

test("a source in use is refused, unless it is said that it is", async (t) => {
  const world = new World();
  world.users = ["blog-1", "blog-2"];
  await t.throwsAsync(world.import("local:old"), {
    code: "in-use",
    message: /local:old is in use by blog-1, blog-2.*--live/,
  });
  await world.import("local:old", "blog_data", "blog", true);
  t.is(world.jobs.length, 1);
});

test("into a volume that somebody has mounted nothing is brought, --live or not", async (t) => {
  const world = new World();
  world.mounted = ["node node2"];
  for (const live of [false, true])
    await t.throwsAsync(world.import("local:old", "blog_data", "blog", live), { code: "in-use" });
  await t.throwsAsync(world.export("local:back"), { code: "in-use" });
  await world.export("local:back", "blog_data", true);
  t.is(world.jobs.length, 1);
});

test("another app's volume, and one that is not ready, are refused", async (t) => {
  const world = new World();
  await t.throwsAsync(world.import("local:old", "blog_data", "shop"), { code: "conflict" });
  await t.throwsAsync(world.import("local:old", "half"), { code: "conflict", message: /filling/ });
  await t.throwsAsync(world.export("local:back", "none"), { code: "not-found" });
});

test("an export makes a local volume, and no other", async (t) => {
  const world = new World();
  await world.export("local:back");
  t.regex(world.jobs.join(), /volume "blog_data" \(.*"name":"back","driver":"local"/);
  await t.throwsAsync(world.export("volume:back"), { code: "not-found" });
  await t.throwsAsync(world.export("local:ours"), { code: "invalid" });
});

test("what the container says of why it failed is what is said; that it said nothing, too", async (t) => {
  const world = new World();
  world.says = [
    "a warning of Node.js",
    { failure: { code: "conflict", message: "it holds files" } },
  ];
  await t.throwsAsync(world.import("local:old"), { code: "conflict", message: "it holds files" });
  world.says = [{ progress }];
  await t.throwsAsync(world.import("local:old"), {
    code: "unavailable",
    message: /Nothing is lost: the same command goes on with it/,
  });
});
