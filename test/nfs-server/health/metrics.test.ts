import test from "ava";
import type { HealthReport } from "../../../nfs-server/health/health.ts";
import { Metrics, type MetricsSource } from "../../../nfs-server/health/metrics.ts";

const well: HealthReport = {
  state: "degraded",
  since: "2026-03-01T00:00:00Z",
  reasons: ["nearly full"],
  checks: [
    { name: "nfsd", state: "ok", reason: "", since: "2026-03-01T00:00:00Z" },
    { name: "disk", state: "degraded", reason: "nearly full", since: "2026-03-01T00:00:00Z" },
  ],
};
const kernel = {
  staleHandles: 3,
  readBytes: 4096,
  writtenBytes: 8192,
  threads: 16,
  calls: 100,
  badCalls: 2,
};
const source: MetricsSource = {
  leases: () => [{ state: "held" }, { state: "held" }, { state: "silent" }],
  nodes: () => [{ state: "live" }, { state: "revoked" }],
  exports: () => 4,
  health: () => well,
  disk: () => ({ total: 1000, free: 100 }),
  selfTest: () => ({ state: "passed", at: "2026-03-01T00:00:00Z", by: "subtree_check" }),
  kernel: async () => kernel,
};

test("gauges say what is true at the moment of the scrape", async (t) => {
  const metrics = new Metrics();
  await metrics.text(source); // the second scrape must not add to the first
  const lines = (await metrics.text(source)).split("\n");
  for (const line of [
    'swarmnfs_leases{state="held"} 2',
    'swarmnfs_leases{state="silent"} 1',
    'swarmnfs_leases{state="fenced"} 0',
    'swarmnfs_nodes{state="live"} 1',
    'swarmnfs_nodes{state="revoked"} 1',
    "swarmnfs_exports 4",
    "swarmnfs_server_state 1",
    "swarmnfs_server_up 1",
    'swarmnfs_self_test{state="passed"} 1',
    'swarmnfs_self_test{state="failed"} 0',
    'swarmnfs_check_state{check="nfsd"} 0',
    'swarmnfs_check_state{check="disk"} 1',
    "swarmnfs_disk_size_bytes 1000",
    "swarmnfs_disk_free_bytes 100",
    "swarmnfs_nfsd_threads 16",
    "swarmnfs_stale_file_handles_total 3",
    "swarmnfs_nfs_read_bytes_total 4096",
    "swarmnfs_nfs_written_bytes_total 8192",
    "swarmnfs_nfs_calls_total 100",
    "swarmnfs_nfs_bad_calls_total 2",
  ])
    t.true(lines.includes(line), line);
});

test("what happens is counted, and what never happened is 0", async (t) => {
  const metrics = new Metrics();
  metrics.asked("nfsd.fh", false);
  metrics.granted();
  metrics.ended();
  metrics.renewed();
  metrics.renewed();
  metrics.fenced();
  metrics.attached(7, "granted");
  const lines = (await metrics.text(source)).split("\n");
  for (const line of [
    'swarmnfs_kernel_questions_total{channel="nfsd.fh",answer="no"} 1',
    'swarmnfs_kernel_questions_total{channel="nfsd.fh",answer="yes"} 0',
    'swarmnfs_kernel_questions_total{channel="auth.unix.ip",answer="no"} 0',
    "swarmnfs_leases_granted_total 1",
    "swarmnfs_leases_ended_total 1",
    "swarmnfs_lease_renewals_total 2",
    "swarmnfs_fences_total 1",
    'swarmnfs_attach_seconds_bucket{le="0.005",outcome="granted"} 0',
    'swarmnfs_attach_seconds_bucket{le="0.01",outcome="granted"} 1',
  ])
    t.true(lines.includes(line), line);
});

test("names follow Prometheus' conventions, and no label is anybody's to choose", async (t) => {
  const text = await new Metrics().text(source);
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    t.regex(name, /^swarmnfs_[a-z]+(_[a-z]+)*$/);
    t.is(name.endsWith("_total"), type === "counter", name);
  }
  const labels = new Set(Array.from(text.matchAll(/[{,]([a-z]+)="/g), ([, label = ""]) => label));
  t.deepEqual(
    [...labels].toSorted((a, b) => a.localeCompare(b)),
    ["answer", "channel", "check", "state", "version"],
  );
});

test("without a kernel or a disk to look at the rest is there", async (t) => {
  const text = await new Metrics().text({
    ...source,
    disk: () => null,
    kernel: () => Promise.reject(new Error("ENOENT")),
    health: () => ({ ...well, state: "failed" }),
  });
  t.regex(text, /^swarmnfs_leases{state="held"} 2$/m);
  t.regex(text, /^swarmnfs_server_up 0$/m);
});
