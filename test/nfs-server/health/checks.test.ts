import test from "ava";
import { serverChecks, type Watched } from "../../../nfs-server/health/checks.ts";
import type { Outcome } from "../../../nfs-server/self-test/outcome.ts";
import type { Check } from "../../../nfs-server/health/verdict.ts";

test("a well server has no complaint, and every check its own name", async (t) => {
  const world = new World();
  const checks = world.checks();
  for (const check of checks) t.deepEqual((await check.look()).state, "ok", check.name);
  t.deepEqual(
    checks.map(({ name }) => name),
    ["address", "nfsd", "nfsdcld", "exports", "disk", "clock", "firewall", "isolation"],
  );
});

test("nfsd is started on the address that is there, and left alone while there is none", async (t) => {
  const world = new World();
  world.threads = 0;
  const nfsd = world.check("nfsd");
  t.is((await nfsd.look()).state, "failed");
  await nfsd.repair?.();
  t.is((await nfsd.look()).state, "ok");
  world.address = null;
  world.threads = 0;
  t.is((await nfsd.look()).state, "ok");
  await nfsd.repair?.();
  t.deepEqual(world.started, ["10.0.0.5"]);
  t.is((await world.check("address").look()).reason, "wt0 is not there");
});

test("a disk that is known to hang is not asked", async (t) => {
  const world = new World();
  world.trouble = { reason: "it hangs", since: "2026-03-01T00:00:00Z" };
  const disk = world.check("disk");
  t.regex((await disk.look()).reason, /it hangs/);
  t.is(world.asked, 0);
});

test("a jump of the clock is told for ten minutes, and then it is the time", async (t) => {
  const world = new World();
  const clock = world.check("clock");
  world.pass(60_000);
  t.is((await clock.look()).state, "ok");
  world.wall += 3_600_000;
  world.pass(60_000);
  t.is((await clock.look()).state, "degraded");
  world.pass(300_000);
  t.is((await clock.look()).state, "degraded");
  world.pass(300_000);
  await clock.look();
  world.pass(60_000);
  t.is((await clock.look()).state, "ok");
});

test("the firewall and the self-test are looked at where there is one", async (t) => {
  const world = new World();
  world.firewallTrouble = "no nft";
  t.is((await world.check("firewall").look()).state, "degraded");
  const names = world.checks({ firewall: null, selfTest: null }).map(({ name }) => name);
  t.deepEqual(names, ["address", "nfsd", "nfsdcld", "exports", "disk", "clock"]);
});

test("isolation that could not be proved is tested again; nfsd that was stopped for the lack of it stays so", async (t) => {
  const world = new World();
  world.isolation = { state: "impossible", at: passed.at, why: "the disk was busy" };
  t.is((await world.check("isolation").look()).state, "degraded");
  await world.check("isolation").repair?.();
  t.is((await world.check("isolation").look()).state, "ok");
  world.isolation = { state: "failed", at: passed.at, what: "another directory" };
  world.threads = 0;
  t.is((await world.check("isolation").look()).state, "failed");
  t.is((await world.check("nfsd").look()).state, "ok");
});

const passed = { state: "passed", at: "2026-03-01T00:00:00Z", by: "subtree_check" } as const;

class World {
  isolation: Outcome = passed;
  address: string | null = "10.0.0.5";
  threads = 16;
  trouble: { reason: string; since: string } | null = null;
  asked = 0;
  wall = Date.parse("2026-03-01T12:00:00Z");
  monotonic = 0;
  firewallTrouble: string | null = null;
  readonly started: string[] = [];

  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }

  check(name: string): Check {
    const found = this.checks().find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check ${name}`);
    return found;
  }

  // The checks look at this world as it is at that moment.
  checks(changes: Partial<Watched> = {}): readonly Check[] {
    return serverChecks({
      address: { look: () => this.address, whatIsMissing: () => "wt0 is not there" },
      nfsd: {
        read: async () => ({ threads: this.threads, listening: ["10.0.0.5"] }),
        start: async (address) => {
          this.started.push(address);
          this.threads = 16;
        },
      },
      tracker: { isRunning: async () => true },
      exports: {
        missing: async () => [],
        foreign: () => [],
        restore: async () => undefined,
      },
      storage: this.#storage(),
      firewall: this.#firewall(),
      selfTest: {
        outcome: this.isolation,
        look: async () => this.isolation,
        again: async () => {
          this.isolation = passed;
        },
      },
      clock: { now: () => this.wall },
      monotonic: () => this.monotonic,
      latest: null,
      ...changes,
    });
  }

  #storage(): Watched["storage"] {
    const trouble = () => this.trouble;
    return {
      get trouble() {
        return trouble();
      },
      health: async () => {
        this.asked += 1;
        return { state: "ok", total: 100, free: 50, notes: [] };
      },
    };
  }

  #firewall(): Watched["firewall"] {
    const trouble = () => this.firewallTrouble;
    return {
      get trouble() {
        return trouble();
      },
    };
  }
}
