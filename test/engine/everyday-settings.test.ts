// Settings as an administrator makes them, wrong ones among them: the plugin listens all the same and says what is wrong.
import test from "ava";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("everyday-settings", { enabled: false });

/** `docker plugin set` with what has to be done around it. */
async function set(...settings: string[]): Promise<void> {
  const enabled = await on.docker("plugin inspect --format {{.Enabled}} swarmnfs");
  if (enabled === "true") await on.docker("plugin disable --force swarmnfs");
  await on.docker("plugin set swarmnfs", ...settings);
  await on.docker("plugin enable swarmnfs");
}

/** What the plugin says to the creation of a volume, and that it answers Docker's other questions meanwhile. */
async function createRefused(): Promise<string> {
  await on.docker("volume ls");
  const { Err } = (await on.ask("VolumeDriver.Create", { Name: "none", Opts: null })) as {
    Err?: string;
  };
  return Err ?? "";
}

const wrong: readonly (readonly [settings: readonly string[], words: string])[] = [
  [
    ["SWARMNFS_TRASH_DAYS=soon"],
    'the settings cannot be used: SWARMNFS_TRASH_DAYS="soon" is wrong: a number of days is expected, as 30',
  ],
  [
    ["SWARMNFS_TRASH_DAYS=30", "SWARMNFS_DEFAULT_OPTIONS=mode=0750,backup"],
    'the settings cannot be used: SWARMNFS_DEFAULT_OPTIONS="mode=0750,backup" is wrong: "backup" is not key=value. Write: mode=0750,backup=off (lists with |: hosts=node1|node2)',
  ],
  [
    ["SWARMNFS_DEFAULT_OPTIONS=", "SWARMNFS_STORAGE=ftp://nas/x"],
    'storage "ftp://nas/x" is not a storage URL. Write swarmnfs://server, as in swarmnfs://storage1, nfs://server/path, as in nfs://nas.lan/volume1/swarm, or dir:///path, as in dir:///srv/swarm',
  ],
  [
    ["SWARMNFS_STORAGE=nfs://127.0.0.1/x"],
    "127.0.0.1 refuses connections on port 2049: the machine is up, its NFS service is not. Start it there. Nothing is lost; this works again when it does. It has been so since 00:00:00Z",
  ],
  [
    ["SWARMNFS_STORAGE=dir:///run/here/swarm"],
    "dir:///run/here/swarm lies outside /var/lib, and the plugin was not shown it. Do: docker plugin disable -f swarmnfs; docker plugin set swarmnfs storage.source=/run/here; docker plugin enable swarmnfs. (/run/here must exist at every boot before Docker starts. If something is mounted at /run/here itself, name a directory above it: then Docker starts also when that does not answer.)",
  ],
];

for (const [settings, words] of wrong) {
  test.serial(
    `after docker plugin set ${settings.join(" ")} every creation says what is wrong`,
    async (t) => {
      await set(...settings);
      const said = (await createRefused()).replace(/since [\d:]+Z$/, "since 00:00:00Z");
      t.is(said, `swarmnfs: ${words}`);
      t.is(await on.docker("plugin inspect --format {{.Enabled}} swarmnfs"), "true");
    },
  );
}

test.serial("the plugin's status and doctor say what is wrong as well", async (t) => {
  const status = await on.swarmnfs("status");
  t.is(status.exitCode, 1);
  t.regex(status.stdout, /dir:\/\/\/run\/here\/swarm lies outside \/var\/lib/);
  t.is((await on.swarmnfs("doctor")).exitCode, 1);
});

test.serial("docker volume create shows it to the user", async (t) => {
  const refused = await on.attempt("volume create -d swarmnfs x_data");
  t.is(
    refused.stderr.trim().replace(/\.$/, ""),
    `Error response from daemon: create x_data: swarmnfs: ${wrong.at(-1)?.[1]}`,
  );
});

test.serial("what the refusal advises works", async (t) => {
  await on.engine.run("mkdir", ["-p", "/run/here/swarm"]);
  await set("storage.source=/run/here");
  t.is(await on.docker("volume create -d swarmnfs -o app=x x_data"), "x_data");
  t.is((await on.inContainer("x-1", "x_data", "echo here >file")).exitCode, 0);
  t.is((await on.engine.run("cat", ["/run/here/swarm/apps/x/x_data/file"])).stdout, "here");
  t.is((await on.status("x_data"))["storage"], "dir:///run/here/swarm");
});

test.serial("a variable that does not exist is refused by Docker already", async (t) => {
  await on.docker("plugin disable --force swarmnfs");
  const refused = await on.attempt("plugin set swarmnfs SWARMNFS_STORGE=dir:///run/here/swarm");
  t.is(
    refused.stderr.trim(),
    'Error response from daemon: setting "SWARMNFS_STORGE" not found in the plugin configuration',
  );
  await on.docker("plugin enable swarmnfs");
});

test.serial("defaults of the node hold for new volumes unless they ask for others", async (t) => {
  await set(
    "SWARMNFS_DEFAULT_OPTIONS=mode=0700,uid=42",
    "SWARMNFS_ON_REMOVE=retain",
    "SWARMNFS_NODE=alpha",
  );
  await on.docker("volume create -d swarmnfs -o app=x x_default");
  await on.docker("volume create -d swarmnfs -o app=x -o uid=43 -o on-remove=delete x_own");
  const look = "stat -c '%u %a' .";
  t.is((await on.inContainer("x-1", "x_default", look)).stdout, "42 700");
  t.is((await on.inContainer("x-1", "x_own", look)).stdout, "43 700");
  t.deepEqual((await on.status("x_own"))["mountedOn"], ["alpha"]);
  await on.docker("volume rm x_default");
  await on.docker("volume rm x_own");
  t.regex((await on.swarmnfs("volumes show x_default")).stdout, /^state +retained/m);
  const entry = JSON.parse((await on.swarmnfs("trash --json")).stdout) as {
    entries: { record: { removedAt: string; purgeAt: string } }[];
  };
  const [{ record } = { record: { removedAt: "", purgeAt: "" } }] = entry.entries;
  t.is(Date.parse(record.purgeAt) - Date.parse(record.removedAt), 86_400_000);
});

test.serial(
  "a misspelt default option is named as a setting, not as something that the user asked for",
  async (t) => {
    await set("SWARMNFS_DEFAULT_OPTIONS=mod=0700");
    t.regex(
      await createRefused(),
      /^swarmnfs: the settings cannot be used: SWARMNFS_DEFAULT_OPTIONS="mod=0700" is wrong: unknown option "mod": did you mean "mode"\?/,
    );
  },
);

test.serial(
  "without Docker's socket only what is everyone's is mounted, unless the node is trusted",
  async (t) => {
    await set("SWARMNFS_DEFAULT_OPTIONS=", "SWARMNFS_ON_REMOVE=archive", "SWARMNFS_DOCKER=off");
    await on.docker("volume create -d swarmnfs -o app=shared open");
    t.is((await on.inContainer("x-1", "open", "true")).exitCode, 0);
    t.is(
      refusal(await on.inContainer("x-1", "x_data", "true")),
      '"x_data" is not for everyone, and without Docker\'s socket nobody can be told apart. Set SWARMNFS_DOCKER, or let every container of this node mount everything: SWARMNFS_WITHOUT_DOCKER=trust-node',
    );
    await set("SWARMNFS_WITHOUT_DOCKER=trust-node");
    t.is((await on.inContainer("anybody", "x_data", "cat file")).stdout, "here");
  },
);

test.serial("the log says in words what it says in JSON, when asked to", async (t) => {
  await set(
    "SWARMNFS_DOCKER=/var/run/docker.sock",
    "SWARMNFS_WITHOUT_DOCKER=refuse",
    "SWARMNFS_LOG_FORMAT=text",
    "SWARMNFS_LOG_LEVEL=debug",
  );
  t.is((await on.inContainer("x-1", "x_data", "cat file")).stdout, "here");
  t.is((await on.inContainer("y-1", "x_data", "cat file")).exitCode, 125);
  const line = (await on.engine.log())
    .split("\n")
    .find((text) => text.includes("y-1") && text.includes("denied"));
  t.notRegex(line ?? "", /\{\\"level/);
});
