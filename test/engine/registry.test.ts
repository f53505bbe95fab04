// The plugin from a registry, as people get it: pushed, installed, upgraded, with volumes in use all the while.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { pluginFolder, withAnotherBuild } from "../../engine-box/plugin.ts";
import { countsOn, startCounter, startOf } from "./counter.ts";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("registry", { enabled: false });
const address = "127.0.0.1:5000";
const repository = `${address}/you/swarmnfs`;

/** Packs the plugin in `folder` under `tag`, pushes it, and forgets it here: as from another machine. */
async function push(folder: string, tag: string): Promise<string> {
  await on.docker(`plugin create ${repository}:${tag}`, folder);
  const said = await on.docker(`plugin push ${repository}:${tag}`);
  await on.docker(`plugin rm ${repository}:${tag}`);
  return said;
}

/** What the registry has, by its own word; empty while it does not answer. */
async function tags(): Promise<string> {
  const script = `fetch("http://${address}/v2/you/swarmnfs/tags/list").then(async (it) => console.log(await it.text()))`;
  return (await on.engine.run(process.execPath, ["-e", script])).stdout;
}

test.serial.before(async () => {
  // Two plugins of one content cannot live on one engine.
  await on.docker("plugin rm swarmnfs");
  const settings = path.join(on.engine.folder, "registry.yml");
  const storage = { filesystem: { rootdirectory: "/var/lib/registry" } };
  await writeFile(settings, JSON.stringify({ version: 0.1, storage, http: { addr: address } }));
  await on.engine.launch("registry", "docker-registry", "serve", settings);
  await until("the registry answers", async () => (await tags()) !== "");
});

test.serial("docker plugin push brings it to a registry", async (t) => {
  t.regex(
    await push(pluginFolder, "0.1-amd64"),
    /^The push refers to repository \[127\.0\.0\.1:5000\/you\/swarmnfs\]$/m,
  );
  t.is((await tags()).trim(), '{"name":"you/swarmnfs","tags":["0.1-amd64"]}');
});

test.serial("docker plugin install takes it from there, settings and all", async (t) => {
  const settings = "SWARMNFS_TRASH_DAYS=7 SWARMNFS_NODE=alpha";
  await on.docker(
    `plugin install --grant-all-permissions --alias swarmnfs ${repository}:0.1-amd64 ${settings}`,
  );
  t.is(await on.docker("plugin ls --format", "{{.Name}} {{.Enabled}}"), "swarmnfs:latest true");
  await on.docker("volume create -d swarmnfs -o app=blog --label mine=yes blog_data");
  await startCounter(on, "blog-1", "blog_data");
  await countsOn(on, "blog-1");
  t.deepEqual((await on.status("blog_data"))["mountedOn"], ["alpha"]);
});

test.serial("what it needs is shown to whoever installs it", async (t) => {
  const asked = await on.attempt(`plugin install --alias again ${repository}:0.1-amd64`);
  const needs = [...asked.stdout.matchAll(/^ - (.*)$/gm)].map(([, need = ""]) => need);
  t.deepEqual(needs, [
    "network: [host]",
    "mount: [/var/lib]",
    "mount: [/run]",
    "mount: [/sys/class]",
    "capabilities: [CAP_SYS_ADMIN CAP_NET_ADMIN]",
  ]);
});

test.serial("docker plugin upgrade keeps settings, volumes and running containers", async (t) => {
  await withAnotherBuild((folder) => push(folder, "0.2-amd64"));
  const started = await startOf(on, "blog-1");
  await on.docker("plugin disable --force swarmnfs");
  await on.docker(
    `plugin upgrade --skip-remote-check --grant-all-permissions swarmnfs ${repository}:0.2-amd64`,
  );
  await on.docker("plugin enable swarmnfs");

  await countsOn(on, "blog-1");
  t.is(await startOf(on, "blog-1"), started);
  const env = await on.docker("plugin inspect swarmnfs --format", '{{join .Settings.Env "\\n"}}');
  t.regex(env, /^SWARMNFS_TRASH_DAYS=7$/m);
  t.regex(env, /^SWARMNFS_NODE=alpha$/m);
  t.is(
    await on.docker("volume inspect blog_data --format", "{{json .Options}} {{json .Labels}}"),
    '{"app":"blog"} {"mine":"yes"}',
  );
  t.deepEqual((await on.status("blog_data"))["mountedOn"], ["alpha"]);
  t.is(
    (await on.inContainer("blog-2", "blog_data", "cat blog-1 >/dev/null && echo there")).stdout,
    "there",
  );
  t.regex(
    refusal(await on.inContainer("shop-1", "blog_data", "ls")),
    /^"blog_data" belongs to app "blog"/,
  );
});

test.serial("the upgraded plugin unmounts what the old one had mounted", async (t) => {
  await on.docker("rm --force blog-1");
  await on.allUnmounted();
  t.is(await on.docker("volume rm blog_data"), "blog_data");
  const [entry] = (
    JSON.parse((await on.swarmnfs("trash --json")).stdout) as {
      entries: { record: { removedAt: string; purgeAt: string } }[];
    }
  ).entries;
  const days =
    (Date.parse(entry?.record.purgeAt ?? "") - Date.parse(entry?.record.removedAt ?? "")) /
    86_400_000;
  t.is(days, 7);
});
