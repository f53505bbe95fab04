import test, { type ExecutionContext } from "ava";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import type { Storage } from "../../../storage/storage.ts";
import type { StorageServer } from "../../../storage/storage-server.ts";
import type { Finding, PluginStatus } from "../../../storage/verbs.ts";
import { FakeDaemon } from "../fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "../plugin-under-test.ts";
import { until } from "../until.ts";

/** Volumes on a server, as far as the plugin sees it. */
class ServedStorage extends DirectoryStorage {
  readonly server: StorageServer = { host: "nas.lan", port: 2049, address: "10.0.0.5" };

  override async attach(...args: Parameters<Storage["attach"]>): ReturnType<Storage["attach"]> {
    await super.attach(...args);
    return { type: "nfs4", source: `10.0.0.5:/swarm/${args[0]}`, options: [] };
  }
}

function servedStorage(path: string): Storage {
  return new ServedStorage(
    { url: "nfs://nas.lan/swarm", path, trashDays: 30, makeRoot: true },
    { clock: systemClock },
  );
}

function onServer(t: ExecutionContext, environment: NodeJS.ProcessEnv): Promise<PluginUnderTest> {
  return startPlugin(t, {
    makeStorage: servedStorage,
    environment: { SWARMNFS_STORAGE: "swarmnfs://nas.lan", ...environment },
  });
}

async function verb<Answer>(plugin: PluginUnderTest, name: string, body: object): Promise<Answer> {
  const { text } = await plugin.docker.send(`/Swarmnfs.${name}`, JSON.stringify(body));
  return JSON.parse(text) as Answer;
}

test("on a storage node the guard stands before there is a lease, and stays when there is none any more", async (t) => {
  const plugin = await onServer(t, {});
  await until("the guard stands", async () => plugin.packetFilter.table === "10.0.0.5:2049");
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  await docker.stop("web");
  await until("it is unmounted", async () => plugin.mounter.table.size === 0);
  await verb(plugin, "Doctor", { fix: true });
  t.is(plugin.packetFilter.table, "10.0.0.5:2049");
});

test("the guard stands when mount(8) begins", async (t) => {
  const plugin = await onServer(t, {});
  plugin.mounter.valve.close();
  const docker = new FakeDaemon(plugin);
  const running = docker.run({ name: "web", volumes: ["v"] });
  await until("mount(8) has begun", async () => plugin.mounter.valve.waiting > 0);
  t.is(plugin.packetFilter.table, "10.0.0.5:2049");
  plugin.mounter.valve.open();
  await running;
});

test("a table that somebody flushed is a problem for doctor, and doctor --fix puts it back", async (t) => {
  const plugin = await onServer(t, {});
  await new FakeDaemon(plugin).run({ name: "web", volumes: ["v"] });
  plugin.packetFilter.table = null;
  const found = await verb<{ findings: Finding[] }>(plugin, "Doctor", {});
  t.true(found.findings.some(({ title }) => title === "guard: containers can reach 10.0.0.5:2049"));
  const fixed = await verb<{ findings: Finding[] }>(plugin, "Doctor", { fix: true });
  t.true(
    fixed.findings.some(({ title }) => title === "guard: containers cannot reach 10.0.0.5:2049"),
  );
});

test("switched off, every volume's Status and the plugin's own say so", async (t) => {
  const plugin = await onServer(t, { SWARMNFS_GUARD: "off" });
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  t.is(plugin.packetFilter.table, null);
  const { warnings = [] } = await verb<PluginStatus>(plugin, "Status", {});
  t.regex(warnings.join(), /the guard is switched off/);
  const { text } = await plugin.docker.send("/VolumeDriver.Get", JSON.stringify({ Name: "v" }));
  t.regex(text, /"warnings":\["the guard is switched off/);
});
