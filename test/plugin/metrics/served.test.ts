// The plugin as a process, as Prometheus sees it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { EntryUnderTest } from "../entry-under-test.ts";
import { newId } from "../fake-daemon.ts";
import { until } from "../until.ts";

test("a port that another program has keeps no volume from being mounted, and is had once it is free", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const plugin = await EntryUnderTest.prepare(t);
  const running = plugin.start({ SWARMNFS_METRICS: String(port) });
  await plugin.listening();
  const { docker } = plugin;
  t.deepEqual(await docker.call("Create", { Name: "v", Opts: { app: "shared" } }), {});
  t.is((await docker.call("Mount", { Name: "v", ID: newId() })).Err, undefined);
  await until("it was told", () => running.output.includes("/metrics cannot be served"));
  other.close();
  const scrape = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await until("it is served", () => scrape().then(Boolean, () => false), 90_000);
  const lines = (await scrape()).split("\n");
  for (const line of [
    "swarmnfs_plugin_storage_up 1",
    "swarmnfs_plugin_volumes_mounted 1",
    'swarmnfs_plugin_mount_seconds_count{outcome="mounted"} 1',
    'swarmnfs_volume_holders{volume="v"} 1',
  ])
    t.true(lines.includes(line), line);
  t.is(await running.end("SIGTERM"), 0);
});
