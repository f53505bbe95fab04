import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { PluginMetrics } from "../../../plugin/metrics/metrics.ts";
import { FakeDaemon } from "../fake-daemon.ts";
import { startPlugin } from "../plugin-under-test.ts";
import { livelyView } from "./lively-view.ts";

const sample = await readFile(path.join(import.meta.dirname, "mountstats.txt"), "utf8");

test("a scrape says what is true now, and the next one forgets what is gone", async (t) => {
  const metrics = new PluginMetrics();
  metrics.mounted(120, "mounted");
  metrics.mounted(9000, "failed");
  const first = new Set((await metrics.text(livelyView)).split("\n"));
  for (const line of [
    "swarmnfs_plugin_storage_up 0",
    "swarmnfs_plugin_storage_trouble_timestamp_seconds 1772355600",
    'swarmnfs_plugin_storage_state{state="nearly-full"} 1',
    'swarmnfs_plugin_storage_state{state="ok"} 0',
    "swarmnfs_plugin_storage_free_bytes 100000000000",
    'swarmnfs_plugin_guard{state="standing"} 1',
    "swarmnfs_plugin_guard_restored_total 2",
    "swarmnfs_plugin_certificate_end_timestamp_seconds 1778580000",
    "swarmnfs_plugin_server_clock_ahead_seconds -0.25",
    "swarmnfs_plugin_fenced 0",
    'swarmnfs_plugin_leases{state="held"} 2',
    "swarmnfs_plugin_volumes 12",
    "swarmnfs_plugin_volumes_mounted 2",
    'swarmnfs_plugin_mount_seconds_bucket{le="0.25",outcome="mounted"} 1',
    'swarmnfs_plugin_mount_seconds_count{outcome="failed"} 1',
    'swarmnfs_plugin_mount_seconds_count{outcome="refused"} 0',
    'swarmnfs_volume_holders{volume="blog_data"} 2',
    'swarmnfs_volume_used_bytes{volume="blog_data",app="blog"} 9500000000',
    'swarmnfs_volume_size_bytes{volume="blog_data",app="blog"} 10000000000',
    'swarmnfs_volume_mount_failures{volume="wiki_data"} 4',
    'swarmnfs_volume_read_bytes_total{volume="blog_data"} 2097152',
    'swarmnfs_volume_operations_total{volume="blog_data",operation="write"} 100',
    'swarmnfs_volume_response_seconds_total{volume="blog_data",operation="write"} 4.2',
    'swarmnfs_volume_program_bytes_total{volume="blog_data",operation="write",direct="yes"} 8192',
  ])
    t.true(first.has(line), line);
  const calm = { ...livelyView, mounted: [], traffic: [], failing: new Map(), trouble: null };
  const second = await metrics.text({ ...calm, health: null, membership: null });
  t.notRegex(second, /volume="/);
  t.notRegex(second, /swarmnfs_plugin_(leases|fenced|certificate|storage_trouble|storage_size)/);
  t.regex(second, /^swarmnfs_plugin_storage_up 1$/m);
});

test("names follow Prometheus' conventions, and labels are of a fixed list but for volumes and their apps", async (t) => {
  const text = await new PluginMetrics().text(livelyView);
  for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    t.regex(name, /^swarmnfs_[a-z]+(_[a-z]+)*$/);
    t.is(name.endsWith("_total"), type === "counter", name);
  }
  const labels = new Set(Array.from(text.matchAll(/[{,]([a-z]+)="/g), ([, label = ""]) => label));
  t.deepEqual(
    [...labels].toSorted((a, b) => a.localeCompare(b)),
    ["app", "direct", "kind", "le", "operation", "outcome", "state", "version", "volume"],
  );
});

test("while the storage is silent, the numbers are there all the same: nobody asks it for them", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  plugin.tables.mountstats = sample.replaceAll("/mnt/volumes", "/mounts");
  plugin.tables.mountinfo = "41 40 0:60 / /mounts/blog_data rw - nfs4 10.77.0.5:/blog_data rw";
  plugin.weather = "silent";
  const text = await plugin.metrics();
  for (const line of [
    "swarmnfs_plugin_volumes_mounted 1",
    'swarmnfs_volume_holders{volume="blog_data"} 1',
    'swarmnfs_volume_written_bytes_total{volume="blog_data"} 104865792',
    "swarmnfs_plugin_nfs_connections 2",
    'swarmnfs_plugin_mount_seconds_count{outcome="mounted"} 1',
  ])
    t.true(text.split("\n").includes(line), line);
  plugin.weather = "refusing";
  await plugin.looked();
  t.regex(await plugin.metrics(), /^swarmnfs_plugin_storage_up 0$/m);
  plugin.tables.mountstats = null;
  t.notRegex(await plugin.metrics(), /written_bytes_total\{/);
});

test("a volume that cannot be mounted is named until it can", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  plugin.mounter.failure = "mount(8) said no";
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["blog_data"] }));
  t.regex(await plugin.metrics(), /^swarmnfs_volume_mount_failures\{volume="blog_data"\} 1$/m);
  plugin.mounter.failure = null;
  await docker.start("blog-1");
  t.notRegex(await plugin.metrics(), /mount_failures\{/);
});
