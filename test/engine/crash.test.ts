// The plugin's process dies under running containers: they must not notice, and nothing may be lost or leak.
import test from "ava";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { crashPlugin, killPlugin, killPluginDuring } from "./plugin-crash.ts";

const on = fileEngine("crash");

test.serial("an unmount that was lost in a crash is left for later", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=lost lost");
  await startCounter(on, "lost-1", "lost");
  // Docker's call dies with the plugin; repeated without its body it does not say which volume it is about.
  await killPluginDuring(on.engine, () => on.docker("rm --force lost-1"));
  t.deepEqual(await on.mounted(), ["lost"]);
});

test.serial("a volume that Docker asked about when the plugin died is not forgotten", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=asked asked");
  await killPluginDuring(on.engine, () => on.inContainer("asked-1", "asked", "echo written >text"));
  // Had Docker been told "no such volume", it would have made one of its own of this name, on this node's disk.
  t.is(
    await on.docker("volume ls --filter name=asked --format", "{{.Driver}} {{.Name}}"),
    "swarmnfs:latest asked",
  );
  t.is((await on.inContainer("asked-2", "asked", "echo again >text && cat text")).stdout, "again");
});

test.serial("containers go on when the plugin is killed, and new ones start", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=blog blog_data");
  await startCounter(on, "blog-1", "blog_data");
  const started = await startOf(on, "blog-1");
  const { since } = await on.status("blog_data");

  await crashPlugin(on.engine);

  await countsOn(on, "blog-1");
  await startCounter(on, "blog-2", "blog_data");
  await countsOn(on, "blog-2");
  t.is((await on.inContainer("blog-3", "blog_data", "ls")).stdout, "blog-1\nblog-2");
  t.is(await startOf(on, "blog-1"), started);
  const { state, mountedOn, since: sinceNow } = await on.status("blog_data");
  t.deepEqual(
    { state, mountedOn, since: sinceNow },
    { state: "mounted", mountedOn: ["node1"], since },
  );
});

test.serial("the plugin that was killed still refuses whom it refused before", async (t) => {
  await crashPlugin(on.engine);
  const { stderr } = await on.inContainer("shop-1", "blog_data", "cat blog-1");
  t.regex(stderr, /"blog_data" belongs to app "blog"/);
});

test.serial(
  "a volume mounted before a crash is unmounted after its last container only",
  async (t) => {
    await on.docker("rm --force blog-2");
    await crashPlugin(on.engine);
    await countsOn(on, "blog-1");
    await on.docker("rm --force blog-1");
    await until("blog_data is unmounted", async () => !(await on.mounted()).includes("blog_data"));
    t.is((await on.status("blog_data"))["state"], "idle");
  },
);

test.serial(
  "what is asked for while the plugin dies happens at once, or when asked again",
  async (t) => {
    const names = ["one", "two", "three", "four"];
    const make = (name: string) => on.attempt(`volume create -d swarmnfs -o app=${name} ${name}`);
    const asked = Promise.all(names.map(make));
    await killPlugin(on.engine);
    await asked;
    for (const name of names) t.is((await make(name)).stdout, name);

    const started = Promise.allSettled(names.map((name) => startCounter(on, `${name}-1`, name)));
    await killPlugin(on.engine);
    await started;
    for (const name of names) {
      await on.docker(`start ${name}-1`);
      await countsOn(on, `${name}-1`);
    }
    t.deepEqual(
      (await on.docker("volume ls --quiet --filter driver=swarmnfs:latest")).split("\n").toSorted(),
      ["asked", "blog_data", "four", "lost", "one", "three", "two"],
    );
    await on.docker("rm --force one-1 two-1 three-1 four-1");
  },
);

test.serial("a plugin killed again and again stays enabled", async (t) => {
  await startCounter(on, "blog-4", "blog_data");
  for (let kill = 0; kill < 3; kill += 1) await crashPlugin(on.engine);
  t.is(await on.docker("plugin inspect --format {{.Enabled}} swarmnfs"), "true");
  await countsOn(on, "blog-4");
  t.is(
    (await on.inContainer("blog-5", "blog_data", "cat blog-4 >copy && echo kept")).stdout,
    "kept",
  );
});

test.serial("a mount table that a crash has torn is made anew from what is mounted", async (t) => {
  await on.engine.run("sh", ["-c", 'echo "{ torn" >/var/lib/swarmnfs/mounts.json']);
  await crashPlugin(on.engine);
  t.is((await on.status("blog_data"))["state"], "mounted");
  await countsOn(on, "blog-4");
  t.regex(await on.engine.log(), /a state file could not be read; it is set aside and made anew/);
});

test.serial("the process that works on the storage may die like any other", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=keeper before");
  await on.engine.run("pkill", ["-9", "--full", "/app/keeper.mjs$"]);
  await on.docker("volume create -d swarmnfs -o app=keeper after");
  t.is((await on.inContainer("keeper-1", "after", "echo there")).stdout, "there");
});

test.serial("after all these crashes nothing stays mounted without a container", async (t) => {
  await countsOn(on, "blog-4");
  await until(
    "only blog_data is mounted",
    async () => (await on.mounted()).join() === "blog_data",
    150_000,
  );
  await on.docker("rm --force blog-4");
  await on.allUnmounted();
  t.deepEqual(await on.mounted(), []);
});
