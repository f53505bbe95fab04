// The engine itself goes down and comes back, with and without its containers.
import test from "ava";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { crashPlugin, killPlugin, runningPlugin } from "./plugin-crash.ts";

const on = fileEngine("restart");

test.serial(
  "a restarted engine starts its containers again, by what was granted before",
  async (t) => {
    await on.docker("volume create -d swarmnfs -o app=blog blog_data");
    await startCounter(on, "blog-1", "blog_data", "--restart always");
    await startCounter(on, "blog-2", "blog_data");
    await countsOn(on, "blog-2");

    await on.engine.restartDaemon();

    await countsOn(on, "blog-1");
    t.regex(await startOf(on, "blog-2"), /^false/);
    await on.docker("start blog-2");
    await countsOn(on, "blog-2");
    t.regex(await on.engine.log(), /allowed by memory, to be checked/);
    t.deepEqual(await on.mounted(), ["blog_data"]);
  },
);

test.serial(
  "an engine that was killed comes back with its containers and no mount too many",
  async (t) => {
    await on.engine.killDaemon();
    await on.engine.startDaemon();

    await countsOn(on, "blog-1");
    await on.docker("start blog-2");
    await countsOn(on, "blog-2");
    t.deepEqual(await on.mounted(), ["blog_data"]);
    t.is((await on.inContainer("blog-3", "blog_data", "ls")).stdout, "blog-1\nblog-2");
  },
);

test.serial(
  "a restart with as many containers as before takes no longer for their volumes",
  async (t) => {
    const count = 6;
    const numbers = Array.from({ length: count }, (_, index) => index);
    const names = numbers.map((number) => `many-${number}`);
    const bootWith = async (driver: string): Promise<number> => {
      for (const name of names) {
        await on.docker(
          `volume create -d ${driver} ${driver === "local" ? "" : "-o app=many "}${name}`,
        );
        await startCounter(on, name, name, "--restart always");
      }
      await on.engine.stopDaemon();
      const began = performance.now();
      await on.engine.startDaemon();
      const seconds = (performance.now() - began) / 1000;
      for (const name of names) await countsOn(on, name);
      await on.docker("rm --force", ...names);
      await on.docker("volume rm", ...names);
      return seconds;
    };
    const local = await bootWith("local");
    const ours = await bootWith("swarmnfs");
    t.log(
      `dockerd answers after ${local.toFixed(1)} s with ${count} local volumes in use, ${ours.toFixed(1)} s with ours`,
    );
    // Each of Docker's questions is answered by memory; only the mounts themselves and one silent second are added.
    t.true(ours < local + 8, `${ours} s against ${local} s`);
  },
);

test.serial(
  "a volume whose unmount a killed engine never sent is removed when asked",
  async (t) => {
    await on.docker("rm --force blog-1 blog-2");
    t.is(await on.docker("volume rm blog_data"), "blog_data");
    t.deepEqual(await on.mounted(), []);
  },
);

test.serial(
  "with live-restore neither containers nor the plugin notice a restart of the engine",
  async (t) => {
    await on.engine.restartDaemon({ liveRestore: true });
    await on.docker("volume create -d swarmnfs -o app=blog blog_data");
    await startCounter(on, "blog-4", "blog_data");
    const [started, pid] = [await startOf(on, "blog-4"), await runningPlugin(on.engine)];

    await on.engine.restartDaemon();

    await countsOn(on, "blog-4");
    t.is(await startOf(on, "blog-4"), started);
    t.is(await runningPlugin(on.engine), pid);
    // It asks the new daemon who asks: by memory a stranger would get the same words as blog.
    t.is((await on.inContainer("blog-5", "blog_data", "echo started")).stdout, "started");
    t.regex(
      (await on.inContainer("shop-1", "blog_data", "ls")).stderr,
      /this is container "shop-1"/,
    );
  },
);

test.serial("with live-restore a killed engine finds everything as it was", async (t) => {
  const started = await startOf(on, "blog-4");
  await on.engine.killDaemon();
  await on.engine.startDaemon();
  await countsOn(on, "blog-4");
  t.is(await startOf(on, "blog-4"), started);
  t.is((await on.inContainer("blog-6", "blog_data", "echo started")).stdout, "started");
});

test.serial(
  "a plugin that died while a live-restored engine was away takes over its mounts",
  async (t) => {
    await on.engine.killDaemon();
    await killPlugin(on.engine);
    await on.engine.startDaemon();
    await runningPlugin(on.engine);
    await countsOn(on, "blog-4");
    await startCounter(on, "blog-7", "blog_data");
    await countsOn(on, "blog-7");
    t.is((await on.status("blog_data"))["state"], "mounted");
  },
);

test.serial("the last container of a live-restored engine takes the mount with it", async (t) => {
  await crashPlugin(on.engine);
  await on.docker("rm --force blog-7");
  await countsOn(on, "blog-4");
  await on.docker("rm --force blog-4");
  await until("nothing is mounted", async () => (await on.mounted()).length === 0);
  t.is((await on.status("blog_data"))["state"], "idle");
});
