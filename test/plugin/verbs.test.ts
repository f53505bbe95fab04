// What the `swarmnfs` command asks on the same socket.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { Verb, Verbs, VerbFailure } from "../../storage/verbs.ts";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";

async function ask<Name extends Verb>(
  plugin: PluginUnderTest,
  verb: Name,
  request: Verbs[Name]["request"],
): Promise<Verbs[Name]["answer"]> {
  const { status, text } = await plugin.docker.send(`/Swarmnfs.${verb}`, JSON.stringify(request));
  if (status !== 200) throw new Error(text);
  return JSON.parse(text) as Verbs[Name]["answer"];
}

async function refusal(
  plugin: PluginUnderTest,
  verb: Verb,
  request: object | string,
): Promise<VerbFailure & { status: number }> {
  const body = typeof request === "string" ? request : JSON.stringify(request);
  const { status, text } = await plugin.docker.send(`/Swarmnfs.${verb}`, body);
  return { status, ...(JSON.parse(text) as VerbFailure) };
}

test("Status says who and where the plugin is, and whether all is well", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("idle");
  await docker.run({ name: "web", volumes: ["v"] });
  t.like(await ask(plugin, "Status", {}), {
    node: "node1",
    storage: "dir:///srv/swarm",
    trouble: null,
    docker: { state: "ok", driver: "swarmnfs" },
    volumes: 2,
    mounted: 1,
    damaged: [],
  });
  plugin.weather = "refusing";
  plugin.engine.silent = true;
  t.like(await ask(plugin, "Status", {}), {
    trouble: { reason: "dir:///srv/swarm does not answer" },
    docker: { state: "silent", driver: null },
    volumes: 2,
  });
});

test("Volumes are sorted by name, with those of other nodes and who uses them", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  await new FakeDaemon(other).run({ name: "wiki-1", volumes: ["zoo", "ark"] });
  await new FakeDaemon(plugin).create("mid");
  const { volumes } = await ask(plugin, "Volumes", {});
  t.deepEqual(
    volumes.map(({ record, status }) => [record.name, status.mountedOn]),
    [
      ["ark", ["node2"]],
      ["mid", []],
      ["zoo", ["node2"]],
    ],
  );
  t.like(volumes[0]?.uses, [{ node: "node2", consumers: ['container "wiki-1"'] }]);
});

test("Volume counts what is in it", async (t) => {
  const plugin = await startPlugin(t);
  await new FakeDaemon(plugin).create("v", { app: "blog" });
  await writeFile(join(plugin.storagePath, "apps/blog/v/file"), "x".repeat(10_000));
  const { status, usage } = await ask(plugin, "Volume", { name: "v" });
  t.true((usage?.bytes ?? 0) >= 10_000);
  t.is(status.used, usage?.bytes);
});

test("drift shows what Docker was asked for here and did not get", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog", backup: "off" });
  await docker.create("same", { app: "blog" });
  plugin.engine.known.push(
    { name: "v", options: { app: "blog", mode: "0750" } },
    { name: "same", options: { app: "blog" } },
  );
  const { volumes } = await ask(plugin, "Volumes", { drift: true });
  t.deepEqual(
    volumes.map(({ record, status }) => [record.name, status.drift]),
    [
      [
        "v",
        [
          "backup: nothing was asked for here, the volume was made with off",
          "mode: 0750 was asked for here, the volume was made with nothing",
        ],
      ],
    ],
  );
});

test("Review tells the past, and who wants what nobody may have mounted", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  for (const name of ["stopped", "served", "free"]) await docker.create(name);
  plugin.engine.add("old", { state: "exited", volumes: ["stopped"] });
  const since = "2026-01-01T00:00:00Z";
  const by = { v: ["container web"], stopped: ["container old"] };
  t.like(await ask(plugin, "Review", { since }), { backup: null, wanted: { scope: "node", by } });
  plugin.engine.services = [{ name: "shop_db", volumes: ["served", "v"] }];
  t.deepEqual((await ask(plugin, "Review", { since })).wanted, {
    scope: "swarm",
    by: { ...by, v: ["container web", "service shop_db"], served: ["service shop_db"] },
  });
  plugin.engine.silent = true;
  t.deepEqual((await ask(plugin, "Review", { since })).wanted, { scope: "none", by: {} });
  t.like(await refusal(plugin, "Review", { since: "yesterday" }), { status: 400 });
});

test("RemoveUnused takes what nobody uses, and nothing that came into use since it was shown", async (t) => {
  const plugin = await startPlugin(t);
  const other = await startPlugin(t, { sharedWith: plugin, node: "node2" });
  const docker = new FakeDaemon(plugin);
  const there = new FakeDaemon(other);
  const names = ["free", "here", "there", "stopped", "served", "dear", "again", "used"];
  for (const name of names) await docker.create(name);
  const shown = await ask(plugin, "Volumes", {});
  const id = (name: string): string =>
    shown.volumes.find(({ record }) => record.name === name)?.record.id ?? "";
  const remove = (name: string, lastUse: string | null = null): Promise<VerbFailure> =>
    refusal(plugin, "RemoveUnused", { name, id: id(name), lastUse });

  // Between showing and doing.
  await docker.run({ name: "web", volumes: ["here"] });
  await there.run({ name: "web", volumes: ["there"] });
  plugin.engine.add("old", { state: "exited", volumes: ["stopped"] });
  plugin.engine.services = [{ name: "shop_db", volumes: ["served"] }];
  plugin.engine.known.push({ name: "dear", options: {}, labels: { "swarmnfs.keep": "yes" } });
  await docker.removeVolume("again");
  await docker.create("again");

  t.like(await remove("here"), { code: "in-use", message: '"here" is in use by now, on node1' });
  t.like(await remove("there"), { code: "in-use", message: '"there" is in use by now, on node2' });
  t.like(await remove("stopped"), { message: '"stopped" is wanted by now: container old' });
  t.like(await remove("served"), { message: '"served" is wanted by now: service shop_db' });
  t.like(await remove("dear"), { code: "denied", message: '"dear" has the label swarmnfs.keep' });
  t.like(await remove("again"), { code: "conflict" });
  const before = await remove("used", "2026-01-01T00:00:00Z");
  t.like(before, { message: '"used" has been used since it was looked at' });
  plugin.engine.silent = true;
  t.like(await remove("free"), { code: "unavailable" });
  plugin.engine.silent = false;
  t.deepEqual((await ask(plugin, "Trash", {})).entries.length, 1, "that which was made again");

  const { outcome } = await ask(plugin, "RemoveUnused", {
    name: "free",
    id: id("free"),
    lastUse: null,
  });
  t.like(outcome, { kind: "trashed" });
  t.is((await ask(plugin, "Trash", {})).entries.length, 2);
});

test("staging that somebody may be at is neither shown nor destroyed", async (t) => {
  const plugin = await startPlugin(t);
  const before = new Date(Date.now() + 86_400_000).toISOString();
  await mkdir(join(plugin.storagePath, ".swarmnfs/tmp/fill-x"));
  t.deepEqual((await ask(plugin, "Staging", { before })).staging, []);
  t.like(await refusal(plugin, "RemoveStaging", { name: "fill-x", before }), { code: "not-found" });
  t.like(await refusal(plugin, "RemoveStaging", { name: "../apps", before }), {
    code: "not-found",
  });
});

test("a plugin that speaks to no Docker cleans nothing up there", async (t) => {
  const plugin = await startPlugin(t, { withEngine: false });
  const before = "2026-01-01T00:00:00Z";
  t.like(await refusal(plugin, "DockerWaste", { before }), { code: "unsupported" });
  const item = { kind: "container", id: "x", before };
  t.like(await refusal(plugin, "RemoveWaste", item), { code: "unsupported" });
});

test("SetVolume narrows a volume at once, and leaves an audit line", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v", { app: "blog" });
  const view = await ask(plugin, "SetVolume", { name: "v", change: { hosts: ["node2"] } });
  t.deepEqual(view.record.hosts, ["node2"]);
  await t.throwsAsync(docker.run({ name: "blog-1", volumes: ["v"] }), {
    message: /To allow it: swarmnfs volumes set v hosts=node2,node1$/,
  });
  t.is(plugin.lines.filter(({ audit }) => audit === "set").length, 1);
});

test("Apps list their volumes; SetApp changes who may mount", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("b", { app: "blog" });
  await docker.create("a", { app: "blog" });
  await docker.create("wiki");
  t.deepEqual(
    (await ask(plugin, "Apps", {})).apps.map(({ record, volumes }) => [record.app, volumes]),
    [
      ["blog", ["a", "b"]],
      ["wiki", ["wiki"]],
    ],
  );
  const { record } = await ask(plugin, "SetApp", { app: "blog", change: { services: ["shop"] } });
  t.deepEqual(record.services, ["shop"]);
  t.deepEqual((await ask(plugin, "App", { app: "blog" })).record.services, ["shop"]);
});

test("a removed volume lies in the trash, comes back with its files, and can be destroyed", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  const file = join(plugin.storagePath, "apps/blog/v/greeting");
  await docker.create("v", { app: "blog" });
  await writeFile(file, "hello");
  await docker.removeVolume("v");
  const [entry] = (await ask(plugin, "Trash", {})).entries;
  t.is(entry?.record.volume.name, "v");
  await ask(plugin, "Undelete", { entry: entry?.id ?? "", as: null });
  t.true(await docker.get("v"));
  await t.notThrowsAsync(docker.run({ name: "blog-1", volumes: ["v"] }));
  await docker.stop("blog-1");
  docker.removeContainer("blog-1");
  await docker.removeVolume("v");
  const entries = (await ask(plugin, "Trash", {})).entries.map(({ id }) => id);
  t.deepEqual((await ask(plugin, "Purge", { entries })).purged, entries);
  t.deepEqual((await ask(plugin, "Trash", {})).entries, []);
});

test("doctor finds a well node well", async (t) => {
  const plugin = await startPlugin(t);
  const { findings } = await ask(plugin, "Doctor", {});
  t.deepEqual(
    findings.filter(({ level }) => level === "problem"),
    [],
  );
});

test("doctor says what is wrong and what to do", async (t) => {
  const plugin = await startPlugin(t);
  const twin = await startPlugin(t, { sharedWith: plugin, node: "NODE1" });
  await new FakeDaemon(twin).run({ name: "web", volumes: ["v"] });
  await writeFile(join(plugin.storagePath, ".swarmnfs/volumes/bad.json"), "{");
  plugin.engine.silent = true;
  const { findings } = await ask(plugin, "Doctor", {});
  const wrong = findings.filter(({ level }) => level !== "ok").map(({ title }) => title);
  t.true(wrong.some((title) => title.endsWith("cannot ask Docker")));
  t.true(wrong.some((title) => title.endsWith("bad.json cannot be read")));
  t.true(wrong.includes('two nodes call themselves "node1"'));
  t.true(findings.every(({ level, advice }) => (level === "ok") === (advice === undefined)));
});

test("refusals have a code for programs and words for people", async (t) => {
  const plugin = await startPlugin(t);
  await new FakeDaemon(plugin).create("v", { app: "blog" });
  t.deepEqual(await refusal(plugin, "Volume", { name: "nobody" }), {
    status: 404,
    code: "not-found",
    message: 'there is no volume "nobody". See: swarmnfs volumes',
  });
  t.like(await refusal(plugin, "Volume", { name: 7 }), { status: 400, code: "invalid" });
  t.like(await refusal(plugin, "Volume", { name: "v", more: true }), { status: 400 });
  t.like(await refusal(plugin, "SetVolume", { name: "v", change: { services: ["*"] } }), {
    status: 409,
    code: "conflict",
  });
  t.deepEqual(await refusal(plugin, "Volume", "{"), {
    status: 400,
    code: "invalid",
    message: "the request is not JSON",
  });
  plugin.weather = "refusing";
  t.like(await refusal(plugin, "SetApp", { app: "blog", change: {} }), {
    status: 503,
    code: "unavailable",
  });
});

test("a verb of ours that does not exist is not found", async (t) => {
  const plugin = await startPlugin(t);
  t.is((await plugin.docker.send("/Swarmnfs.Destroy", "{}")).status, 404);
});

test("Nodes and CloneVolume and RemoveVolume do what Docker's verbs do, and Leases says where there are none", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  const { nodes } = await ask(plugin, "Nodes", {});
  t.like(nodes, { length: 1, 0: { name: "node1", volumes: ["v"], enrolled: null } });
  t.is((await ask(plugin, "CloneVolume", { name: "v", as: "copy" })).record.app, "v");
  t.like(await refusal(plugin, "RemoveVolume", { name: "v" }), { code: "in-use" });
  t.like(await ask(plugin, "RemoveVolume", { name: "copy" }), { outcome: { kind: "trashed" } });
  t.like(await refusal(plugin, "Leases", {}), { code: "unsupported" });
});

test("Examine and Adopt make a directory of the storage a volume, which can be mounted at once", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  const folder = join(plugin.storagePath, "old/site");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.html"), "hello");
  t.like(await ask(plugin, "Examine", { path: "old/site" }), { files: 1, whole: true });
  const request = { path: "old/site", app: "web", volume: "site" };
  t.like(await ask(plugin, "Adopt", request), { record: { state: "ready", app: "web" } });
  await docker.run({ name: "web", volumes: ["site"] });
  t.is(await readFile(join(plugin.storagePath, "apps/web/site/index.html"), "utf8"), "hello");
  t.like(await refusal(plugin, "Adopt", { ...request, volume: "other" }), { code: "not-found" });
});
