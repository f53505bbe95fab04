import test from "ava";
import { Metrics } from "../../../nfs-server/health/metrics.ts";
import { livelySource as source } from "./lively-source.ts";

test("gauges say what is true at the moment of the scrape", async (t) => {
  const metrics = new Metrics();
  await metrics.text(source); // the second scrape must not add to the first
  const lines = (await metrics.text(source)).split("\n");
  for (const line of [
    'swarmnfs_leases{state="held"} 2',
    'swarmnfs_leases{state="silent"} 1',
    'swarmnfs_leases{state="fenced"} 0',
    'swarmnfs_nodes{state="live"} 2',
    'swarmnfs_nodes{state="revoked"} 1',
    "swarmnfs_exports 4",
    "swarmnfs_server_state 1",
    "swarmnfs_server_up 1",
    'swarmnfs_self_test{state="passed"} 1',
    'swarmnfs_self_test{state="failed"} 0',
    'swarmnfs_check_state{check="nfsd"} 0',
    'swarmnfs_check_state{check="disk"} 1',
    "swarmnfs_disk_size_bytes 1000000000000",
    "swarmnfs_disk_free_bytes 100000000000",
    'swarmnfs_volume_used_bytes{volume="blog_data",app="blog"} 9500000000',
    'swarmnfs_volume_size_bytes{volume="blog_data",app="blog"} 10000000000',
    'swarmnfs_certificate_end_timestamp_seconds{certificate="server"} 1803859200',
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

test("names follow Prometheus' conventions, and labels are of fixed lists but for volumes and their apps", async (t) => {
  const text = await new Metrics().text(source);
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    t.regex(name, /^swarmnfs_[a-z]+(_[a-z]+)*$/);
    t.is(name.endsWith("_total"), type === "counter", name);
  }
  const labels = new Set(Array.from(text.matchAll(/[{,]([a-z]+)="/g), ([, label = ""]) => label));
  t.deepEqual(
    [...labels].toSorted((a, b) => a.localeCompare(b)),
    ["answer", "app", "certificate", "channel", "check", "state", "version", "volume"],
  );
});

test("without a kernel or a disk to look at the rest is there", async (t) => {
  const text = await new Metrics().text({
    ...source,
    disk: () => null,
    kernel: () => Promise.reject(new Error("ENOENT")),
    health: () => ({ ...source.health(), state: "failed" }),
  });
  t.regex(text, /^swarmnfs_leases{state="held"} 2$/m);
  t.regex(text, /^swarmnfs_server_up 0$/m);
});

test("a volume that was removed is not told any more, and one without a limit has no size", async (t) => {
  const metrics = new Metrics();
  t.notRegex(await metrics.text(source), /size_bytes{volume="shop_db"/);
  const text = await metrics.text({ ...source, volumes: () => [] });
  t.notRegex(text, /volume="/);
});

test("ten thousand volumes are told within a few seconds, in a page that Prometheus takes", async (t) => {
  const volumes = Array.from({ length: 10_000 }, (_, index) => ({
    name: `volume_${index}_data`,
    app: `app_${index % 300}`,
    used: index * 1000,
    size: index % 2 === 0 ? 1_000_000 : null,
  }));
  const metrics = new Metrics();
  const began = performance.now();
  const text = await metrics.text({ ...source, volumes: () => volumes });
  const ms = Math.round(performance.now() - began);
  t.log(`${ms} ms for ${Math.round(text.length / 1000)} kB`);
  t.is(text.match(/^swarmnfs_volume_used_bytes{/gm)?.length, 10_000);
  t.true(text.length < 2_000_000);
  t.true(ms < 10_000);
});
