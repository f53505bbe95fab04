// The plugin or the whole engine starts while the storage hangs or is dead: Docker comes up, and its volumes follow.
import test from "ava";
import { enablePlugin } from "../../engine-box/plugin.ts";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { FrozenStorage, settings } from "./frozen-storage.ts";
import { crashPlugin } from "./plugin-crash.ts";
import { refusal } from "./words.ts";

const on = fileEngine("boot-without-storage", { enabled: false });
let storage: FrozenStorage;

test.serial.before(async () => {
  storage = new FrozenStorage(on.engine);
  await storage.make("24m");
  await enablePlugin(on.engine.cli, settings);
  await on.docker("volume create -d swarmnfs -o app=blog blog_data");
  await on.docker("volume create plain");
});

const secondsOf = async (action: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
};

test.serial(
  "a plugin killed while the storage hangs is back at once, and knows its volumes",
  async (t) => {
    await startCounter(on, "blog-1", "blog_data");
    await storage.freeze();
    await crashPlugin(on.engine);
    t.true((await secondsOf(() => on.docker("volume ls"))) < 2);
    t.is((await on.status("blog_data"))["app"], "blog");
    t.true((await secondsOf(() => on.inContainer("plain-1", "plain", "true"))) < 3);
    await until("it knows that the storage hangs", async () => {
      return (await on.status("blog_data"))["health"] === "unreachable";
    });
    t.regex(refusal(await on.inContainer("blog-2", "blog_data", "ls")), /has not answered/);
    await storage.thaw();
    await countsOn(on, "blog-1");
    await on.docker("rm --force blog-1");
  },
);

test.serial(
  "an engine that boots while the storage hangs is up soon, without the containers of its volumes",
  async (t) => {
    await startCounter(on, "blog-3", "blog_data", "--restart always");
    await startCounter(on, "plain-2", "plain", "--restart always");
    await on.engine.stopDaemon();
    await storage.freeze();

    const seconds = await secondsOf(() => on.engine.startDaemon());

    t.log(`dockerd answers after ${seconds.toFixed(1)} s`);
    t.true(seconds < 25, `${seconds} s`);
    await countsOn(on, "plain-2");
    t.regex(await startOf(on, "blog-3"), /^false/);
    t.is((await on.status("blog_data"))["health"], "unreachable");
  },
);

test.serial(
  "when the storage is back, the plugin starts the containers that failed at the boot",
  async (t) => {
    await storage.thaw();
    await until("blog-3 runs", async () => (await startOf(on, "blog-3")).startsWith("true"));
    await countsOn(on, "blog-3");
    t.regex(await on.engine.log(), /audit.*start.*blog-3.*its storage is back/);
  },
);

test.serial(
  "an engine boots with a dead storage, which is mounted later and shown to the plugin",
  async (t) => {
    await on.engine.stopDaemon();
    await storage.die();
    await on.engine.startDaemon();
    await countsOn(on, "plain-2");
    t.regex(await startOf(on, "blog-3"), /^false/);
    t.regex(refusal(await on.attempt("start blog-3")), /ENOTCONN/);

    await storage.showAgain();
    await on.docker("plugin disable --force swarmnfs");
    await on.docker("plugin enable swarmnfs");

    await until("blog-3 runs", async () => (await startOf(on, "blog-3")).startsWith("true"));
    await countsOn(on, "blog-3");
  },
);

test.serial(
  "below a mount point that passes mounts on, nobody needs to show the plugin anything",
  async (t) => {
    await storage.passesOn();
    await on.docker("plugin disable --force swarmnfs");
    await on.docker("plugin enable swarmnfs");
    await on.engine.stopDaemon();
    await storage.die();
    await on.engine.startDaemon();
    t.regex(await startOf(on, "blog-3"), /^false/);

    await storage.showAgain();

    await until("blog-3 runs", async () => (await startOf(on, "blog-3")).startsWith("true"));
    await countsOn(on, "blog-3");
    await on.docker("rm --force blog-3 plain-2");
  },
);
