import test from "ava";
import {
  addressVerdict,
  clockVerdict,
  diskVerdict,
  exportsVerdict,
  firewallVerdict,
  isolationVerdict,
  nfsdVerdict,
  trackerVerdict,
} from "../../../nfs-server/health/verdicts.ts";
import type { Verdict } from "../../../nfs-server/health/verdict.ts";

const G = 1024 ** 3;
const at = "2026-03-01T00:00:00Z";
const noon = Date.parse("2026-03-01T12:00:00Z");

test("nfsd is well when it runs and listens where it should", (t) => {
  const reading = { threads: 16, listening: ["10.0.0.5"] };
  t.is(nfsdVerdict(reading, "10.0.0.5").state, "ok");
  t.is(nfsdVerdict(reading, "10.0.0.6").state, "failed");
  t.regex(
    nfsdVerdict(reading, "10.0.0.6").reason,
    /listens on 10\.0\.0\.5, and not on 10\.0\.0\.6/,
  );
  t.regex(nfsdVerdict({ ...reading, threads: 0 }, "10.0.0.5").reason, /is stopped/);
  t.is(nfsdVerdict({ threads: 0, listening: [] }, null).state, "ok", "there is nowhere to serve");
});

test("the disk is told nearly full at 80 %, and urgently at 90 %", (t) => {
  t.is(disk(21).state, "ok");
  t.deepEqual(disk(20), {
    state: "degraded",
    reason: "the data disk is 80 % full, 20G of 100G free",
  });
  t.regex(disk(10).reason, /90 % full, 10G of 100G free\. It is high time/);
  t.regex(disk(0, "full").reason, /is full .* trash purge/);
  t.is(disk(0, "full").state, "failed");
  t.is(disk(50, "read-only").state, "failed");
  t.regex(disk(50, "nearly-full").reason, /9 of 99 files left/);
});

test("a disk that cannot be asked is a failure, with its own reason", (t) => {
  t.deepEqual(diskVerdict(null, { reason: "it hangs", since: at }), {
    state: "failed",
    reason: `the data disk: it hangs (since ${at})`,
  });
  t.is(diskVerdict(null, null).state, "ok");
});

test("a clock may be corrected, and not jump, nor be in the past", (t) => {
  const before = { wall: noon, monotonic: 1000 };
  const later = (wall: number, latest: string | null = null) =>
    clockVerdict({ wall: noon + wall, monotonic: 61_000 }, before, latest);
  t.is(later(60_000).state, "ok");
  t.is(later(63_000).state, "ok");
  t.regex(later(60_000 + 7_200_000).reason, /put forward by 2 h/);
  t.regex(later(60_000 - 90_000).reason, /put back by 1 m 30 s/);
  t.regex(later(60_000, "2026-03-01T13:00:00Z").reason, /13:00:00Z here already/);
  t.is(later(60_000, "2026-03-01T12:01:30Z").state, "ok");
  t.is(later(-noon).state, "failed");
  t.regex(later(-noon).reason, /says 1970-01-01T00:00:00Z, which is long over/);
});

test("volumes that cannot be reached are named, but not without end", (t) => {
  t.is(exportsVerdict([], []).state, "ok");
  t.regex(exportsVerdict(["a"], []).reason, /^a cannot be reached/);
  t.regex(exportsVerdict(["a", "b", "c", "d", "e"], []).reason, /^a, b, c and 2 more cannot be/);
});

test("everything else is well, or says what is the matter", (t) => {
  t.is(trackerVerdict(true).state, "ok");
  t.is(trackerVerdict(false).state, "degraded");
  t.is(addressVerdict("10.0.0.5", "wt0 is not there").state, "ok");
  t.deepEqual(addressVerdict(null, "wt0 is not there"), {
    state: "failed",
    reason: "wt0 is not there",
  });
  t.is(firewallVerdict(null).state, "ok");
  t.is(firewallVerdict("no nft").state, "degraded");
  t.is(isolationVerdict({ state: "pending" }).state, "ok");
  t.is(isolationVerdict({ state: "passed", at, by: "subtree_check" }).state, "ok");
  t.is(isolationVerdict({ state: "impossible", at, why: "no loop device" }).state, "degraded");
  t.is(isolationVerdict({ state: "outdated" }).state, "degraded");
  const broken = isolationVerdict({ state: "failed", at, what: "the data directory" });
  t.is(broken.state, "failed");
  t.regex(broken.reason, /reached the data directory/);
});

function disk(free: number, state: "ok" | "full" | "nearly-full" | "read-only" = "ok"): Verdict {
  return diskVerdict(
    { state, total: 100 * G, free: free * G, notes: ["9 of 99 files left"] },
    null,
  );
}
