// The plugin of one node dies, is turned off, or does not get Docker's socket: the other nodes go on, and so do the
// containers of its own.
import test from "ava";
import { labCluster } from "./cluster.ts";
import { countsOn, runningSince, startCounter } from "./counter.ts";
import { eventually } from "./eventually.ts";

const on = labCluster();

test("the plugin of a node is killed: containers go on there and elsewhere, new ones start", async (t) => {
  const [here, there] = [on.node(2), on.node(1)];
  const name = await on.volume("killed");
  await startCounter(on, here, `${name}-here`, name);
  await startCounter(on, there, `${name}-there`, name);
  await countsOn(on, here, `${name}-here`);
  const since = await runningSince(on, here, `${name}-here`);

  const pid = await here.must("pgrep --oldest --full '/app/entry.mjs$'");
  await here.must(`kill -9 ${pid}`);
  await countsOn(on, there, `${name}-there`);
  await eventually(
    async () => (await here.run(`pgrep --oldest --full '/app/entry.mjs$'`)).stdout.trim() !== pid,
    "another process of the plugin runs",
  );
  t.is(await on.says(here, `${name}-new`, name, "touch new; ls new"), "new");
  await countsOn(on, here, `${name}-here`);
  t.is(await runningSince(on, here, `${name}-here`), since);
});

test("the plugin of a node is disabled by force: containers go on, and new ones when it is enabled again", async (t) => {
  const [here, there] = [on.node(2), on.node(1)];
  const name = await on.volume("disabled");
  await startCounter(on, here, `${name}-here`, name);
  await startCounter(on, there, `${name}-there`, name);
  await countsOn(on, here, `${name}-here`);
  const since = await runningSince(on, here, `${name}-here`);

  on.afterwards(() => on.attempt(here, "plugin enable swarmnfs"));
  await on.docker(here, "plugin disable --force swarmnfs");
  await countsOn(on, here, `${name}-here`);
  await countsOn(on, there, `${name}-there`);
  t.not((await on.inContainer(here, `${name}-new`, name, "ls")).exitCode, 0);
  t.is(await on.says(there, `${name}-new`, name, "touch new; ls new"), "new");

  await on.docker(here, "plugin enable swarmnfs");
  t.is(await on.says(here, `${name}-newer`, name, "ls new"), "new");
  await countsOn(on, here, `${name}-here`);
  t.is(await runningSince(on, here, `${name}-here`), since);
});

test("a node without Docker's socket mounts what is for everyone, and says why nothing else", async (t) => {
  const node = on.node(2);
  const open = await on.volume("everyones", "services=*");
  const closed = await on.volume("someones");
  const enabledWith = async (setting: string): Promise<void> => {
    await on.docker(node, "plugin disable --force swarmnfs");
    await on.docker(node, `plugin set swarmnfs ${setting}`);
    await on.docker(node, "plugin enable swarmnfs");
  };
  on.afterwards(() => enabledWith("SWARMNFS_DOCKER=/run/docker.sock"));
  await enabledWith("SWARMNFS_DOCKER=off");
  t.is(await on.says(node, `${open}-1`, open, "touch file; ls"), "file");
  const { exitCode, stderr } = await on.inContainer(node, `${closed}-1`, closed, "ls");
  t.not(exitCode, 0);
  t.regex(
    stderr,
    new RegExp(
      `"${closed}" is not for everyone, and without Docker's socket nobody can be told apart`,
    ),
  );
  t.is(await on.says(on.node(1), `${closed}-1`, closed, "echo fine"), "fine");
});
