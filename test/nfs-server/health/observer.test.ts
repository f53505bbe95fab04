import test from "ava";
import { pino } from "pino";
import type { Operations } from "../../../nfs-server/control/operation.ts";
import { Metrics } from "../../../nfs-server/health/metrics.ts";
import { Observer, type Observed } from "../../../nfs-server/health/observer.ts";
import { UserError } from "../../../service/user-error.ts";

const lease = { volume: "v", app: "x", state: "held", grantedAt: "2026-03-01T00:00:00Z" };

test("a round finds what is broken and mends it, and says the rest", async (t) => {
  const world = new World();
  world.threads = 0;
  const observer = world.observer();
  await observer.checks.round();
  t.deepEqual(world.served, ["10.0.0.5"]);
  t.like(await observer.health(), { state: "ok", hosts: ["tv.lan has no address"] });
  world.mounted = false;
  await observer.checks.round();
  t.like(await observer.health(), { state: "ok" }, "it may be on its way");
  await observer.checks.round();
  t.deepEqual(world.shown, ["v", "told"]);
});

test("what somebody else exports by the same kernel is told", async (t) => {
  const world = new World();
  world.foreign = [{ path: "/srv", client: "*" }];
  const observer = world.observer();
  await observer.checks.round();
  t.regex(observer.checks.report().reasons.join(), /shows \/srv to \*, which .* never granted/);
});

test("a clock that was put back while the server was away is seen", async (t) => {
  const world = new World();
  world.wall = Date.parse("2026-02-20T00:00:00Z");
  const observer = world.observer();
  await observer.checks.round();
  t.regex(observer.checks.report().reasons.join(), /2026-03-01T00:00:00Z here already/);
});

test("a clock that is put right after the start makes no node silent that could not call yet", (t) => {
  const world = new World();
  world.nodes = [{ id: "1", name: "node1", state: "silent", seenAt: "2026-02-28T23:00:00Z" }];
  const observer = world.observer();
  const life = new AbortController();
  t.teardown(() => life.abort());
  observer.begin(life.signal);
  world.wall += 3_600_000;
  world.ticks += 5 * 60_000;
  t.deepEqual(observer.problems(), []);
  world.ticks += 6 * 60_000;
  t.like(observer.problems(), [{ key: "silent 1" }]);
});

test("numbers come from where they are true", async (t) => {
  const observer = new World().observer();
  await observer.checks.round();
  await observer.lookAtVolumes();
  const text = await observer.metrics();
  for (const line of [
    'swarmnfs_volume_used_bytes{volume="v",app="x"} 77',
    'swarmnfs_certificate_end_timestamp_seconds{certificate="authority"} 2000000000',
    'swarmnfs_leases{state="held"} 1',
    "swarmnfs_exports 1",
    "swarmnfs_disk_size_bytes 100",
    "swarmnfs_nfsd_threads 16",
  ])
    t.true(text.split("\n").includes(line), line);
});

test("attaching is timed by how it ended, and renewals are counted", async (t) => {
  const observer = new World().observer();
  const answers = [new UserError("in-use", "node2 has it"), new Error("a mistake"), null];
  // The others are not called.
  const operations = {
    attach: async () => {
      const answer = answers.shift();
      if (answer) throw answer;
      return {};
    },
    renew: async () => ({}),
  } as unknown as Operations;
  const { attach, renew } = observer.measure(operations);
  const call = {} as Parameters<typeof attach>[0];
  await t.throwsAsync(attach(call), { code: "in-use" });
  await t.throwsAsync(attach(call), { message: "a mistake" });
  await attach(call);
  await renew({} as Parameters<typeof renew>[0]);
  const text = await observer.metrics();
  for (const line of [
    'swarmnfs_attach_seconds_count{outcome="refused"} 1',
    'swarmnfs_attach_seconds_count{outcome="broken"} 1',
    'swarmnfs_attach_seconds_count{outcome="granted"} 1',
    "swarmnfs_lease_renewals_total 1",
  ])
    t.true(text.split("\n").includes(line), line);
});

class World {
  threads = 16;
  mounted = true;
  foreign: { path: string; client: string }[] = [];
  nodes: object[] = [{ state: "live", seenAt: null, enrolledAt: "2026-02-01T00:00:00Z" }];
  /** Of the clock that never jumps. */
  ticks = 0;
  wall = Date.parse("2026-03-01T00:00:00Z");
  readonly served: string[] = [];
  readonly shown: string[] = [];

  observer(): Observer {
    const observed = {
      metrics: new Metrics(),
      server: {
        leases: { list: () => [lease] },
        nodes: {
          authority: { until: 2_000_000_000_000, serverUntil: null },
          list: () => this.nodes,
        },
        statics: { list: () => [], notes: ["tv.lan has no address"] },
      },
      storage: {
        health: async () => ({ state: "ok", total: 100, free: 50, notes: [] }),
        list: async () => ({
          volumes: [
            { name: "v", app: "x", size: null, root: false },
            { name: "all", app: "root", size: null, root: true },
          ],
          usage: { v: { bytes: 77 } },
        }),
      },
      address: { look: () => "10.0.0.5", whatIsMissing: () => "" },
      nfsd: {
        state: async () => ({
          threads: this.threads,
          listeners: [{ address: "10.0.0.5", port: 2049 }],
          inGrace: false,
        }),
      },
      serve: async (address: string) => {
        this.served.push(address);
        this.threads = 16;
      },
      nfsdcld: { pid: async () => 7 },
      root: {
        path: "/exports",
        hide: async () => undefined,
        show: async (volumes: readonly { volume: string }[]) => {
          this.shown.push(...volumes.map(({ volume }) => volume));
          this.mounted = true;
          return new Map();
        },
      },
      exports: {
        foreign: () => this.foreign,
        tellAll: async () => {
          this.shown.push("told");
        },
      },
      firewall: null,
      selfTest: {
        outcome: { state: "pending" },
        look: async () => ({ state: "pending" }),
        again: async () => undefined,
      },
      data: "/data",
      mountinfo: async () =>
        this.mounted ? "1 2 8:1 /apps/x/v /exports/v rw - xfs /dev/sdb rw\n" : "",
      counters: async () => ({
        staleHandles: 0,
        readBytes: 0,
        writtenBytes: 0,
        threads: this.threads,
        calls: 0,
        badCalls: 0,
      }),
      clock: { now: () => this.wall },
      monotonic: () => this.ticks,
      log: pino({ level: "silent" }),
    };
    // What is not here is not asked for.
    return new Observer(observed as unknown as Observed);
  }
}
