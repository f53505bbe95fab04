// Names, options and files that somebody chose to do harm with: refused, or harmless.
import { resolve } from "node:path";
import test from "ava";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("hostile", { settings: { SWARMNFS_ROOT_SERVICES: "keeper" } });

/** Runs a script on the engine's machine; throws when it fails. */
async function shell(script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await on.engine.run("sh", ["-ec", script]);
  if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

/** Everything of the machine that nobody but it itself may change, as text. */
function outside(): Promise<string> {
  const look = "find . -xdev -printf '%p %y %m %u:%g %s %T@ %l\\n' | sort";
  return shell(`cd /var/lib/outside && ${look} && cat secret; cd /etc && ${look}; ls -A /var/lib`);
}

/** What there is of volumes and apps on the storage. */
function stored(): Promise<string> {
  const data = "/var/lib/swarmnfs/data";
  return shell(
    `cd ${data}; ls -A . apps .swarmnfs/volumes .swarmnfs/apps .swarmnfs/tmp; find apps`,
  );
}

test.serial.before(async () => {
  await shell(
    "mkdir /var/lib/outside; echo secret >/var/lib/outside/secret; chmod 600 /var/lib/outside/secret",
  );
  // The engine's first network writes to /etc.
  await on.docker("volume create -d swarmnfs -o app=evil first");
  await on.inContainer("evil-1", "first", "true");
});

const rule =
  'a name is 1 to 128 letters, digits, "_", "." or "-", and begins with a letter or digit';
const names: readonly (readonly [name: string, complaint: string])[] = [
  ["../../x", '"../../x" begins with a character that is not allowed there'],
  ["..", '".." is a directory of its own meaning'],
  [".", '"." is a directory of its own meaning'],
  ["a/b", '"a/b" has characters that are not allowed'],
  ["a/../../../../outside", '"a/../../../../outside" has characters that are not allowed'],
  ["/etc", '"/etc" begins with a character that is not allowed there'],
  ["with space", '"with space" has characters that are not allowed'],
  ["naïve", '"naïve" has characters that are not allowed'],
  ["数据", '"数据" begins with a character that is not allowed there'],
  ["-rf", '"-rf" begins with a character that is not allowed there'],
  [".swarmnfs", '".swarmnfs" is kept for swarmnfs itself'],
  ["a:b", '"a:b" has characters that are not allowed'],
  ["a\nb", '"a\\nb" has characters that are not allowed'],
  ["$(reboot)", '"$(reboot)" begins with a character that is not allowed there'],
  ["x".repeat(129), `"${"x".repeat(129)}" is too long`],
];

for (const [name, complaint] of names) {
  test.serial(`the name ${JSON.stringify(name).slice(0, 30)} is refused in words`, async (t) => {
    const created = await on.attempt("volume create -d swarmnfs --", name);
    t.is(refusal(created), `volume name ${complaint}: ${rule}`);
  });
}

test.serial("such names lead nowhere with any verb, and nothing is made", async (t) => {
  const before = await stored();
  const verbs = ["Create", "Mount", "Remove", "Get", "Path"];
  const requests = names.flatMap(([Name]) =>
    verbs.map((verb) => [`VolumeDriver.${verb}`, { Name, ID: "1" }] as const),
  );
  for (const [index, answer] of (await on.askAll(requests)).entries())
    t.regex(JSON.stringify(answer), /^\{"Err":"swarmnfs: /, JSON.stringify(requests[index]));
  const unmount = ["VolumeDriver.Unmount", { Name: "../../x", ID: "1" }] as const;
  t.deepEqual(await on.ask(...unmount), {});
  t.is(await stored(), before);
  t.regex(await shell("ls -A /var/lib/docker/plugins/*/propagated-mount"), /^(first)?$/);
});

test.serial("docker run with such a name does not start", async (t) => {
  const mount = "type=volume,target=/d,volume-driver=swarmnfs,source=../../x";
  const refused = await on.attempt(`run --rm --mount ${mount} busybox ls /d`);
  t.is(refused.exitCode, 125);
  // Newer clients of Docker make a path of it before they ask, seen from where they stand.
  const said = refusal(refused).replace(`"${resolve("../../x")}"`, '"../../x"');
  t.is(said, `volume name "../../x" begins with a character that is not allowed there: ${rule}`);
});

test.serial("names that are special to programs are plain names", async (t) => {
  for (const name of ["constructor", "hasOwnProperty", "0", "CON", "a.b_c-d", "y".repeat(128)]) {
    t.is(await on.docker(`volume create -d swarmnfs -o app=odd ${name}`), name);
    t.is((await on.inContainer("odd-1", name, "echo x >f; cat f")).stdout, "x", name);
    t.is((await on.status(name))["app"], "odd");
    t.is(await on.docker(`volume rm ${name}`), name);
  }
  t.is(
    refusal(await on.attempt("volume create -d swarmnfs -o app=odd FIRST")),
    'volume "FIRST" differs from the existing volume "first" in upper and lower case alone, and backups may go where both are the same. Use "first", or another name',
  );
});

test.serial("options do not lead out either", async (t) => {
  const before = await stored();
  const refused: readonly (readonly [option: string, words: RegExp])[] = [
    ["app=../outside", /^option "app": app name "..\/outside" begins with a character/],
    ["app=a/b", /^option "app": app name "a\/b" has characters/],
    ["app=.swarmnfs", /^option "app": app name ".swarmnfs" is kept for swarmnfs itself/],
    ["app=", /^option "app": app name "" is empty/],
    [
      "services=$(id)",
      /^option "services": "\$\(id\)" is not the name of a stack, service or project/,
    ],
    ["mount-options=exec,suid", /^option "mount-options": mount option "exec" is not allowed/],
    [`app=${"z".repeat(5000)}`, /^option "app" has a value that cannot be right/],
    ["__proto__=x", /^unknown option "__proto__"/],
    ["mode=07777777", /^option "mode": "07777777" is not a mode/],
    ["uid=4294967295", /^option "uid": "4294967295" is not a numeric id/],
  ];
  for (const [option, words] of refused)
    t.regex(
      refusal(await on.attempt("volume create -d swarmnfs -o", option, "led")),
      words,
      option,
    );
  t.is(await stored(), before);
});

const planting = [
  "ln -s /var/lib/outside absolute",
  "ln -s ../../../../../outside relative",
  "ln -s /etc etc",
  "ln -s /etc/passwd passwd",
  "ln -s ../victim_data victim",
  "mkdir -p real/deep; ln -s /etc real/deep/etc; ln -s . real/self",
].join("\n");

test.serial("symlinks that a container plants lead nowhere but into the container", async (t) => {
  const before = await outside();
  await on.docker("volume create -d swarmnfs -o app=evil planted");
  t.is((await on.inContainer("evil-1", "planted", planting)).exitCode, 0);

  // The next container of the same app follows them in its own file system only.
  const look = await on.inContainer(
    "evil-2",
    "planted",
    "ls absolute/ relative/ victim/ passwd; cat passwd",
  );
  t.is(look.stdout, "");
  t.regex(look.stderr, /absolute\/.*No such file/);
  // Neither do docker cp, the walk that counts, nor the way to the trash and back.
  await on.docker("run -d --init --name evil-3 -v planted:/d busybox sleep 600");
  await on.docker(`cp ${on.engine.logFile} evil-3:/d/etc/planted`).catch(() => "refused");
  await on.docker("rm --force evil-3");
  t.is((await on.swarmnfs("volumes show planted")).exitCode, 0);
  await on.docker("volume rm planted");
  t.is(await outside(), before);

  t.is((await on.swarmnfs("trash undelete planted")).exitCode, 0);
  t.is(
    (await on.inContainer("evil-1", "planted", "readlink absolute; readlink real/deep/etc")).stdout,
    "/var/lib/outside\n/etc",
  );
  await on.docker("volume create -d swarmnfs -o app=evil second");
  t.is((await on.inContainer("evil-1", "second", "ls -A")).stdout, "");
  t.is(await outside(), before);

  await on.docker("volume rm planted");
  t.regex((await on.swarmnfs("trash purge --all --yes")).stdout, /purged$/);
  t.is(
    await shell(
      "ls -A /var/lib/swarmnfs/data/.swarmnfs/trash /var/lib/swarmnfs/data/.swarmnfs/tmp",
    ),
    ["/var/lib/swarmnfs/data/.swarmnfs/tmp:", "", "/var/lib/swarmnfs/data/.swarmnfs/trash:"].join(
      "\n",
    ),
  );
  t.is(await outside(), before);
});

test.serial("whoever has the whole storage cannot lead another volume out of it", async (t) => {
  await on.docker("volume create -d swarmnfs -o root=true -o access=shared everything");
  await on.docker("volume create -d swarmnfs -o app=evil swapped");
  await on.inContainer("evil-1", "swapped", "echo mine >file");
  const before = await outside();
  const keeper = await on.inContainer(
    "keeper",
    "everything",
    "mv apps/evil/swapped apps/evil/kept; ln -s /var/lib/outside apps/evil/swapped; ln -s /var/lib/outside apps/evil/later; ln -s /var/lib apps/led",
  );
  t.is(keeper.exitCode, 0, keeper.stderr);

  // Lingering mounts end at once when the plugin is asked to remove; here they are only waited for.
  await on.allUnmounted();
  t.is(
    refusal(await on.inContainer("evil-1", "swapped", "cat secret")),
    '"swapped" cannot be mounted on node1: "apps/evil/swapped" on dir:///var/lib/swarmnfs/data is not what it should be: a symlink or a file is in its place. Nothing was changed; look at it, and move it away',
  );
  t.not((await on.attempt("volume create -d swarmnfs -o app=evil later")).exitCode, 0);
  t.not((await on.attempt("volume create -d swarmnfs -o app=led outside")).exitCode, 0);
  t.is(await outside(), before);

  await on.docker("volume rm swapped");
  await on.swarmnfs("trash purge --all --yes");
  t.is(await outside(), before);
  await on.inContainer(
    "keeper",
    "everything",
    "rm apps/evil/later apps/led; mv apps/evil/kept apps/evil/swapped",
  );
  await on.docker("volume rm everything");
});

test.serial("odd files do no harm, and go with the purge", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=evil oddities");
  const odd = await on.inContainer(
    "evil-1",
    "oddities",
    [
      "mkfifo pipe; mknod null c 1 3; mknod disk b 8 0; touch -- -rf '*' ' ' \"$(printf 'a\\nb\\377')\"",
      "mkdir closed; touch closed/file; chmod 000 closed; ln -- -rf hard",
      "i=0; while [ $i -lt 300 ]; do mkdir deep; cd deep; i=$((i+1)); done; touch bottom",
    ].join("\n"),
  );
  t.is(odd.exitCode, 0, odd.stderr);
  t.regex((await on.inContainer("evil-1", "oddities", "echo x >null")).stderr, /Permission denied/);
  await on.docker("volume rm oddities");
  const purge = await on.swarmnfs("trash purge --all --yes");
  t.is(purge.exitCode, 0, purge.stderr + purge.stdout);
  t.notRegex(await shell("find /var/lib/swarmnfs/data"), /bottom|closed/);
});

test.serial("a setuid program in a volume gives nobody more rights", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=evil -o mode=0777 suid");
  await on.inContainer("evil-1", "suid", "cp /bin/busybox busybox-su; chmod 4755 busybox-su");
  const user = await on.inContainer("evil-1", "suid", "./busybox-su id -u", "--user 1000");
  t.is(user.stdout, "1000");
});

test.serial("a container cannot reach beside its volume", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=victim victim_data");
  await on.inContainer("victim-1", "victim_data", "echo secret >file");
  const tried = await on.inContainer(
    "evil-1",
    "first",
    "ls -A ..; cat ../victim_data/file; find / -xdev -name file",
  );
  t.notRegex(tried.stdout, /victim|secret|file/);
});
