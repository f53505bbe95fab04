// From the lab's registry, as people get the plugin: it is installed on a node of a working swarm, and upgraded under
// containers that go on writing.
import { readFile } from "node:fs/promises";
import test from "ava";
import type { Machine } from "../../lab/machine.ts";
import { pluginSettings } from "../../lab/swarm.ts";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();
const repository = "registry.lan:5000/swarmnfs";
/** Milliseconds in which an emulated machine gets the plugin from the registry. */
const patience = 600_000;

async function release(): Promise<string> {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
  return version;
}

async function install(node: Machine): Promise<void> {
  const name = `${repository}:${await release()}`;
  await node.must(
    `docker plugin install --grant-all-permissions --alias swarmnfs ${name} ${pluginSettings}`,
    { timeout: patience },
  );
}

async function reference(node: Machine): Promise<string> {
  return on.docker(node, "plugin inspect --format {{.PluginReference}} swarmnfs");
}

test("the plugin is removed and installed anew on one node while the other nodes work", async (t) => {
  const [here, there] = [on.node(2), on.node(1)];
  const name = await on.volume("installed");
  await startCounter(on, there, `${name}-there`, name);
  await countsOn(on, there, `${name}-there`);
  on.afterwards(async () => {
    if ((await on.attempt(here, "plugin inspect swarmnfs")).exitCode !== 0) await install(here);
  });

  await on.docker(here, "plugin rm --force swarmnfs");
  await install(here);

  t.is(await reference(here), `${repository}:${await release()}`);
  t.is(await on.says(here, `${name}-new`, name, "ls"), `${name}-there`);
  await countsOn(on, there, `${name}-there`);
});

test("the plugin is upgraded on one node: containers there and elsewhere go on writing", async (t) => {
  const [here, there] = [on.node(2), on.node(1)];
  const name = await on.volume("upgraded");
  await startCounter(on, here, `${name}-here`, name);
  await startCounter(on, there, `${name}-there`, name);
  await countsOn(on, here, `${name}-here`);
  const since = await runningSince(on, here, `${name}-here`);

  // To the other of the two builds that the registry has: a lab may be used more than once.
  const before = await reference(here);
  const next = `${repository}:next`;
  const after = before === next ? `${repository}:${await release()}` : next;
  on.afterwards(() => on.attempt(here, "plugin enable swarmnfs"));
  await on.docker(here, "plugin disable --force swarmnfs");
  await here.must(
    `docker plugin upgrade --grant-all-permissions --skip-remote-check swarmnfs ${after}`,
    { timeout: patience },
  );
  await countsOn(on, here, `${name}-here`);
  await on.docker(here, "plugin enable swarmnfs");

  t.is(await reference(here), after);
  await countsOn(on, here, `${name}-here`);
  await countsOn(on, there, `${name}-there`);
  t.is(await runningSince(on, here, `${name}-here`), since);
  t.is(await on.says(here, `${name}-new`, name, "ls"), `${name}-here\n${name}-there`);

  await on.docker(here, `rm --force ${name}-here`);
  await eventually(
    async () => !(await on.mounted(here)).includes(name),
    "the new build unmounts what the old one had mounted",
  );
});
