// Containers that could not start because the storage was away.
import test from "ava";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

test("containers that could not start while the storage was away are started when it is back", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog" });
  for (const restartPolicy of ["always", "no"]) {
    await docker.prepare({ name: `blog-${restartPolicy}`, volumes: ["v"], restartPolicy });
    await docker.start(`blog-${restartPolicy}`);
    await docker.stop(`blog-${restartPolicy}`);
  }
  await until("it is unmounted", () => plugin.mounter.table.size === 0);
  plugin.engine.onStart = (name) => docker.start(name);
  plugin.weather = "refusing";
  docker.die();
  await plugin.reboot("boot-2");
  await docker.boot();
  t.regex(docker.container("blog-always").error, /^swarmnfs: "v" cannot be mounted on node1: /);
  await docker.start("blog-no").catch(() => undefined);
  plugin.weather = "fine";
  await until("it runs", () => docker.container("blog-always").state === "running");
  t.deepEqual(plugin.engine.calls, ["start blog-always"]);
  t.like(
    plugin.lines.find(({ audit }) => audit === "start"),
    { volume: "v", container: "blog-always" },
  );
});

test("containers that failed for the storage are started also by the plugin's next life", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  plugin.engine.onStart = (name) => docker.start(name);
  for (const app of ["blog", "shop"]) {
    await docker.create(app, { app });
    await docker.run({ name: `${app}-1`, volumes: [app], restartPolicy: "always" });
    await docker.stop(`${app}-1`);
  }
  await until("they are unmounted", () => plugin.mounter.table.size === 0);
  docker.container("shop-1").error = 'swarmnfs: "shop" belongs to app "shop"';
  plugin.weather = "refusing";
  await t.throwsAsync(docker.start("blog-1"));
  await plugin.crash();
  plugin.weather = "fine";
  await plugin.begin();
  await until("it runs", () => docker.container("blog-1").state === "running");
  t.deepEqual(plugin.engine.calls, ["start blog-1"]);
});
