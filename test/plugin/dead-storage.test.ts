// The plugin with its storage behind real child processes, which stop answering.
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { deadlines } from "../../storage/keeper/deadlines.ts";
import { GuardedStorage } from "../../storage/keeper/guarded-storage.ts";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

const program = join(import.meta.dirname, "../../storage/keeper/main.ts");

async function start(
  t: ExecutionContext,
): Promise<{ plugin: PluginUnderTest; docker: FakeDaemon; keepers: () => readonly number[] }> {
  let storage: GuardedStorage | null = null;
  const plugin = await startPlugin(t, {
    makeStorage: (path) => {
      storage = new GuardedStorage(
        { url: "dir:///srv/swarm", path, trashDays: 30, makeRoot: true },
        {
          keeper: { command: process.execPath, args: [program] },
          deadlines: { ...deadlines, attach: { kill: 2_500 }, open: { kill: 5_000 } },
          probeEveryMs: 1_500,
        },
      );
      return storage;
    },
  });
  return { plugin, docker: new FakeDaemon(plugin), keepers: () => storage?.keepers ?? [] };
}

test("a storage that falls silent costs one wait, then every mount fails at once and says since when", async (t) => {
  const { plugin, docker, keepers } = await start(t);
  await docker.create("blog_data", { app: "blog" });
  await docker.run({ name: "blog-1", volumes: ["blog_data"] });
  await docker.create("other", { app: "blog" });

  for (const pid of keepers()) process.kill(pid, "SIGSTOP");
  const message =
    /^swarmnfs: "other" cannot be mounted on node1: dir:\/\/\/srv\/swarm has not answered for \d s, since \d\d:\d\d:\d\dZ\. Nothing is lost; this works again when it does$/;
  await t.throwsAsync(docker.run({ name: "blog-2", volumes: ["other"] }), { message });
  const began = performance.now();
  await t.throwsAsync(docker.start("blog-2"), { message });
  // A mount has 8 s for this where nothing is known.
  t.true(performance.now() - began < 6_000);

  t.deepEqual((await docker.volumes()).toSorted(), ["blog_data", "other"]);
  const { Volume } = await docker.call("Get", { Name: "other" });
  t.like(Volume?.Status, { state: "idle", health: "unreachable" });
  t.regex(Volume?.Status?.reason ?? "", /^dir:\/\/\/srv\/swarm has not answered for \d s/);
  // Also what is mounted already: Docker itself would hang in it, and keep the container locked.
  const mounted = { message: /^swarmnfs: "blog_data" cannot be mounted on node1: / };
  await t.throwsAsync(docker.copy("blog-1"), mounted);
  await t.throwsAsync(docker.run({ name: "blog-3", volumes: ["blog_data"] }), mounted);

  await until("it answers again", () =>
    docker.start("blog-2").then(
      () => true,
      () => false,
    ),
  );
  await plugin.looked();
  t.like((await docker.call("Get", { Name: "other" })).Volume?.Status, {
    state: "mounted",
    health: "ok",
  });
});

test("a keeper that is killed is replaced without anybody noticing", async (t) => {
  const { docker, keepers } = await start(t);
  await docker.create("v");
  for (const pid of keepers()) process.kill(pid, "SIGKILL");
  await docker.run({ name: "web", volumes: ["v"] });
  t.is(docker.container("web").state, "running");
});

test("a storage whose marker is missing is refused, and never made anew", async (t) => {
  const { plugin, docker } = await start(t);
  await docker.create("v");
  const { rename } = await import("node:fs/promises");
  await rename(`${plugin.storagePath}/.swarmnfs`, `${plugin.storagePath}/.away`);
  await plugin.crash();
  await plugin.begin();
  await t.throwsAsync(docker.run({ name: "web", volumes: ["v"] }), {
    message:
      /^swarmnfs: "v" cannot be mounted on node1: dir:\/\/\/srv\/swarm is not the storage it was: its marker \.swarmnfs\/storage\.json is missing\./,
  });
  await rename(`${plugin.storagePath}/.away`, `${plugin.storagePath}/.swarmnfs`);
  await until("it is taken back", () =>
    docker.start("web").then(
      () => true,
      () => false,
    ),
  );
});

test("a storage that is not there is named as the reason, from the first volume on", async (t) => {
  const plugin = await startPlugin(t, {
    makeStorage: (path) =>
      new GuardedStorage(
        { url: "dir:///srv/swarm", path: join(path, "missing"), trashDays: 30, makeRoot: false },
        { keeper: { command: process.execPath, args: [program] } },
      ),
  });
  const { Err } = await plugin.docker.call("Create", { Name: "v", Opts: null });
  t.regex(Err ?? "", /^swarmnfs: dir:\/\/\/srv\/swarm .*(is not there|does not exist|no such)/);
});
