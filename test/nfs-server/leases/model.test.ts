import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as fc from "fast-check";
import { Cluster, volumeNames, type VolumeName } from "./cluster.ts";

type Step = fc.AsyncCommand<object, Cluster>;

/** One thing that can happen; whatever it does, nothing may be as it must not be. */
function step(title: string, happen: (cluster: Cluster) => Promise<unknown> | void): Step {
  return {
    check: () => true,
    async run(_, cluster) {
      await happen(cluster);
      await cluster.revive();
      cluster.check();
    },
    toString: () => title,
  };
}

const machine = fc.constantFrom(0, 1, 2);
const volume = fc.constantFrom(...(Object.keys(volumeNames) as VolumeName[]));
const where = fc.tuple(machine, volume);

/** One machine, and perhaps a volume. */
function on(
  title: string,
  happen: (cluster: Cluster, at: Cluster["machines"][number], volume: VolumeName) => unknown,
): fc.Arbitrary<Step> {
  return where.map(([index, name]) =>
    step(`node${index + 1}: ${title} ${name}`, async (cluster) => {
      const at = cluster.machines[index];
      if (at !== undefined) await happen(cluster, at, name);
    }),
  );
}

function often<T>(times: number, what: T): T[] {
  return Array.from({ length: times }, () => what);
}

const steps = [
  ...often(
    8,
    on("start on", (cluster, at, name) => cluster.start(at, name)),
  ),
  ...often(
    4,
    on("idle", (cluster, at, name) => cluster.idle(at, name)),
  ),
  ...often(
    4,
    on("stop", (cluster, at, name) => cluster.stop(at, name)),
  ),
  ...often(
    3,
    on("poll", (cluster, at) => cluster.poll(at)),
  ),
  ...often(
    2,
    on("cut off", (_, at) => void (at.isConnected = false)),
  ),
  ...often(
    2,
    on("connected again", (_, at) => void (at.isConnected = true)),
  ),
  on("reset", (cluster, at) => cluster.reboot(at)),
  on("will be away", (cluster, at) => cluster.announceAbsence(at)),
  on("lease revoked by an administrator of", (cluster, at, name) => cluster.revoke(at, name)),
  ...often(
    4,
    fc
      .constantFrom(1_000, 20_000, 61_000, 200_000)
      .map((ms) => step(`${ms} ms pass`, (cluster) => cluster.pass(ms))),
  ),
  fc.constant(step("the server is killed and started", (cluster) => cluster.crash())),
  ...often(
    4,
    fc.integer({ min: 1, max: 12 }).map((count) =>
      step(`the server is killed before effect ${count} from now`, (cluster) => {
        cluster.killAfter = count;
      }),
    ),
  ),
];

test("whatever happens: an exclusive volume is shown to one node, which finds no locks of others; what is shown has a lease", async (t) => {
  t.timeout(120_000);
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: "+1" }), async (commands) => {
      const folder = await mkdtemp(join(tmpdir(), "swarmnfs-leases-"));
      const cluster = new Cluster(folder);
      try {
        await cluster.begin();
        await fc.asyncModelRun(() => ({ model: {}, real: cluster }), commands);
        await cluster.heal();
      } finally {
        await cluster.world.crash();
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 60, includeErrorInReport: true, interruptAfterTimeLimit: 30_000 },
  );
  t.pass();
});
