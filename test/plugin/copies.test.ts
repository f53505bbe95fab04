import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

test("a volume that begins as a copy is complete when Docker may start a container with it", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  await writeFile(join(plugin.storagePath, "apps/blog/blog_data/file"), "kept");
  await docker.create("rescue", { from: "blog_data" });
  await docker.run({ name: "blog-1", volumes: ["rescue"] });
  t.is(plugin.mounter.table.get("rescue")?.source, `${plugin.storagePath}/apps/blog/rescue`);
});

test("while it is being filled it cannot be mounted, and goes on after a crash", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("blog_data", { app: "blog" });
  plugin.weatherOf.set("fill", "silent");
  await docker.create("rescue", { from: "blog_data" });
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["rescue"] }), {
    message:
      /cannot be mounted on node1: volume "rescue" is still being filled: begun from "blog_data"/,
  });
  const { text } = await plugin.docker.send("/VolumeDriver.Get", '{"Name":"rescue"}');
  t.regex(text, /"state":"filling".*"filling":"begun from \\"blog_data\\""/);
  plugin.weatherOf.delete("fill");
  await plugin.crashAndBegin();
  const isIdle = async (): Promise<boolean> => {
    const answer = await plugin.docker.send("/VolumeDriver.Get", '{"Name":"rescue"}');
    return answer.text.includes('"state":"idle"');
  };
  await until("it is filled", isIdle, 60_000);
  await docker.run({ name: "blog-2", volumes: ["rescue"] });
});
