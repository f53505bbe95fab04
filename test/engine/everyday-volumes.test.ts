// What people do with volumes all day: make, look, fill, remove, bring back.
import test from "ava";
import { fileEngine } from "./file-engine.ts";
import { refusal } from "./words.ts";

const on = fileEngine("everyday-volumes");

test.serial("a volume is made, listed and inspected with one line each", async (t) => {
  t.is(
    await on.docker("volume create -d swarmnfs -o app=blog -o mode=0750 blog_data"),
    "blog_data",
  );
  t.is(
    await on.docker(
      "volume ls --filter name=blog_data --format",
      "{{.Driver}} {{.Name}} {{.Scope}}",
    ),
    "swarmnfs:latest blog_data global",
  );
  t.is(
    await on.docker("volume inspect --format", "{{json .Options}}", "blog_data"),
    '{"app":"blog","mode":"0750"}',
  );
  const { since, ...status } = await on.status("blog_data");
  t.regex(String(since), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  t.deepEqual(status, {
    app: "blog",
    storage: "dir:///var/lib/swarmnfs/data",
    path: "apps/blog/blog_data",
    state: "idle",
    health: "ok",
    services: "blog",
    hosts: "*",
    access: "shared",
    mountedOn: [],
  });
});

test.serial("status shows that a volume is mounted, where and since when", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=seen seen");
  await on.docker("run -d --init --name seen-1 -v seen:/d busybox sleep 600");
  const { state, mountedOn, health } = await on.status("seen");
  t.deepEqual(
    { state, mountedOn, health },
    { state: "mounted", mountedOn: ["node1"], health: "ok" },
  );
  await on.docker("rm --force seen-1");
});

const options =
  "Options: access, app, backup, from, gid, hosts, mirror, mode, mount-options, on-remove, root, services, size, squash, uid";
const storage = "dir:///var/lib/swarmnfs/data";
const refused: readonly (readonly [options: string, words: string])[] = [
  ["apps=x", `unknown option "apps": did you mean "app"? ${options}`],
  ["colour=red", `unknown option "colour". ${options}`],
  ["mode=rwx", 'option "mode": "rwx" is not a mode: write it in octal, like 0755'],
  ["uid=bob", 'option "uid": "bob" is not a numeric id (0 to 4294967294)'],
  ["on-remove=burn", 'option "on-remove": "burn" is not one of archive, delete, retain'],
  ["hosts=a;b", 'option "hosts": "a;b" is not a host name; write names, or patterns like "web-*"'],
  [
    "mount-options=suid",
    'option "mount-options": mount option "suid" is not allowed: volumes never carry set-user-id programs. Allowed: acdirmax, acdirmin, acregmax, acregmin, actimeo, dirsync, hard, lazytime, lookupcache, nconnect, noatime, nodiratime, noexec, relatime, retrans, rsize, soft, sync, timeo, wsize',
  ],
  [
    "from=nothing",
    `option "from": there is no volume "nothing" on ${storage}. See: swarmnfs volumes`,
  ],
  [
    "from=blog_data@2026-03-01T06:00",
    `option "from": there is no backup service for ${storage}, so there are no versions to begin with: see docs/backup.md. To begin with a copy of the volume as it is now, leave @… out`,
  ],
  [
    "access=exclusive",
    `option "access=exclusive": ${storage} cannot fence a node off yet. Use access=shared, and let only one container write`,
  ],
  [
    "squash=app",
    `option "squash": ${storage} cannot change who users are; only swarmnfs:// storages will. Use uid, gid and mode instead`,
  ],
  ["app=root", 'option "app": app name "root" is reserved. Choose another one'],
  [
    "root=true -o app=blog",
    'options "root" and "app" contradict each other: root=true is the whole storage, without a directory, app or quota of its own. Leave "app" out',
  ],
];

for (const [asked, words] of refused) {
  test.serial(`-o ${asked} is refused with what was expected`, async (t) => {
    const { exitCode, stderr, ...rest } = await on.attempt(
      `volume create -d swarmnfs -o ${asked} refused`,
    );
    t.is(
      stderr.trim().replace(/\.$/, ""),
      `Error response from daemon: create refused: swarmnfs: ${words}`,
    );
    t.is(exitCode, 1);
    t.is(rest.stdout, "");
    t.is(await on.docker("volume ls --quiet --filter name=refused"), "");
  });
}

test.serial("a volume begins as a copy of another", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=copied -o uid=1000 original");
  await on.inContainer("copied-1", "original", "echo kept >file; ln -s file link");
  await on.docker("volume create -d swarmnfs -o from=original copied_again");
  t.is(
    (await on.inContainer("copied-2", "copied_again", "cat link; stat -c %u .")).stdout,
    "kept\n1000",
  );
  t.is((await on.status("copied_again"))["app"], "copied");
});

// Why depends on the file system that the engine's box lies on.
test.serial("-o size=10G is refused with why it cannot be had", async (t) => {
  const { stderr } = await on.attempt("volume create -d swarmnfs -o size=10G refused");
  t.regex(
    stderr.replaceAll("\n", " "),
    new RegExp(
      `swarmnfs: option "size": ${storage} cannot limit a volume's size: its .*\\. Or leave it out`,
    ),
  );
});

test.serial("creating a volume again succeeds, and the data stays", async (t) => {
  const create = "volume create -d swarmnfs -o app=again again";
  await on.docker(create);
  await on.inContainer("again-1", "again", "echo kept >file");
  t.is(await on.docker(create), "again");
  t.is((await on.inContainer("again-1", "again", "cat file")).stdout, "kept");
});

test.serial(
  "a volume made on another node is used at once, and other options are refused",
  async (t) => {
    // The same storage seen by the same plugin: what Docker has not been told of is as made elsewhere.
    const answer = await on.ask("VolumeDriver.Create", { Name: "far", Opts: { app: "far" } });
    t.deepEqual(answer, {});
    t.is((await on.inContainer("far-1", "far", "echo here >file && cat file")).stdout, "here");
    t.deepEqual(await on.ask("VolumeDriver.Create", { Name: "far", Opts: { app: "near" } }), {
      Err: 'swarmnfs: volume "far" exists with app=far, and app=near was asked for. Use another name, or remove the volume first (its data goes to the trash for 30 days).',
    });
  },
);

test.serial("containers of one app share a volume, several volumes, and one twice", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=pair pair_a");
  await on.docker("volume create -d swarmnfs -o app=pair pair_b");
  const both = "--volume pair_b:/b --volume pair_a:/again";
  t.like(
    await on.inContainer("pair-1", "pair_a", "echo a >/d/a; echo b >/b/b; cat /again/a", both),
    {
      exitCode: 0,
      stdout: "a",
    },
  );
  t.is(
    (await on.inContainer("pair_2", "pair_a", "ls /d /b /again", both)).stdout,
    "/again:\na\n\n/b:\nb\n\n/d:\na",
  );
  t.like(await on.swarmnfs("apps show pair --json").then(({ stdout }) => JSON.parse(stdout)), {
    volumes: ["pair_a", "pair_b"],
  });
});

test.serial("a volume can be made by docker run alone", async (t) => {
  const mount = "type=volume,source=made,target=/d,volume-driver=swarmnfs,volume-opt=app=made";
  await on.docker(`run --rm --name made-1 --mount ${mount} busybox sh -c`, "echo made >/d/file");
  t.is((await on.inContainer("made-2", "made", "cat file")).stdout, "made");
});

test.serial("the top directory has the owner and mode that were asked for", async (t) => {
  await on.docker(
    "volume create -d swarmnfs -o app=owned -o uid=1234 -o gid=55 -o mode=2770 owned",
  );
  const user = await on.inContainer(
    "owned-1",
    "owned",
    "touch file && stat -c '%u %g %a' . file",
    "--user 1234:99",
  );
  t.is(user.stdout, "1234 55 2770\n1234 55 644");
  const stranger = await on.inContainer("owned-1", "owned", "ls", "--user 77");
  t.is(stranger.stderr.trim(), "sh: cd: line 0: can't cd to /d: Permission denied");
});

test.serial("a readonly volume and a :ro mount cannot be written to", async (t) => {
  const words = "touch: file: Read-only file system";
  await on.docker("volume create -d swarmnfs -o app=ro -o access=readonly ro");
  t.is((await on.inContainer("ro-1", "ro", "touch file")).stderr.trim(), words);
  t.is((await on.status("ro"))["access"], "readonly");
  await on.docker("volume create -d swarmnfs -o app=rw rw");
  t.is(
    (await on.inContainer("rw-1", "rw:/e:ro --volume rw", "cd /e; touch file")).stderr.trim(),
    words,
  );
});

test.serial("a volume goes to the trash, comes back whole, and is purged for good", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=dear -o uid=7 dear");
  await on.inContainer("dear-1", "dear", "mkdir -p a/b && echo precious >a/b/c");
  t.is(await on.docker("volume rm dear"), "dear");
  t.is(await on.docker("volume ls --quiet --filter name=dear"), "");
  // In the words of Docker's client, old or new.
  t.regex(refusal(await on.attempt("volume rm dear")), /exit code 1, .*no such volume/i);

  const [entry = ""] = (await on.swarmnfs("trash")).stdout.split("\n")[1]?.split(" ") ?? [];
  t.regex(entry, /^dear@\d{8}T\d{6}Z-[0-9a-f]{8}$/);
  const back = await on.swarmnfs("trash undelete dear");
  t.regex(
    back.stdout,
    new RegExp(
      `^"dear" is back, in app "dear", as it was when node1 removed it at \\S+\n  entry   ${entry}$`,
    ),
  );
  t.is((await on.inContainer("dear-1", "dear", "stat -c %u . && cat a/b/c")).stdout, "7\nprecious");
  t.is((await on.inContainer("other-1", "dear", "true")).exitCode, 125);

  await on.docker("volume rm dear");
  const { stdout, exitCode } = await on.swarmnfs("trash purge --all --yes");
  t.is(exitCode, 0, stdout);
  t.regex(stdout, /\n1 entry purged$/);
  t.is((await on.swarmnfs("trash --json")).stdout.includes("dear@"), false);
  t.regex((await on.swarmnfs("trash undelete dear")).stderr, /^swarmnfs: .*"dear"/);
});

test.serial("a name that is taken again gets the old data under another name", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=wiki wiki");
  await on.inContainer("wiki-1", "wiki", "echo old >page");
  await on.docker("volume rm wiki");
  await on.docker("volume create -d swarmnfs -o app=wiki wiki");
  t.is((await on.inContainer("wiki-1", "wiki", "ls")).stdout, "");
  t.is((await on.swarmnfs("trash undelete wiki")).exitCode, 1);
  t.is((await on.swarmnfs("trash undelete wiki --as wiki_old")).exitCode, 0);
  t.is((await on.inContainer("wiki-1", "wiki_old", "cat page")).stdout, "old");
});

test.serial("on-remove=retain keeps the volume, and creating it brings it back", async (t) => {
  const create = "volume create -d swarmnfs -o app=keep -o on-remove=retain keep";
  await on.docker(create);
  await on.inContainer("keep-1", "keep", "echo kept >file");
  await on.docker("volume rm keep");
  t.is(await on.docker("volume ls --quiet --filter name=keep"), "");
  t.is((await on.swarmnfs("trash --json")).stdout.includes("keep@"), false);
  const gone = await on.attempt("volume inspect keep");
  t.regex(gone.stderr, /no such volume/i);
  t.regex((await on.swarmnfs("volumes show keep")).stdout, /^state +retained/m);
  t.is(await on.docker(create), "keep");
  t.is((await on.inContainer("keep-1", "keep", "cat file")).stdout, "kept");
  t.is((await on.status("keep"))["state"], "mounted");
});

test.serial("swarmnfs shows what Docker shows", async (t) => {
  const { stdout, exitCode } = await on.swarmnfs("volumes");
  t.is(exitCode, 0);
  const listed = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  const known = (await on.docker("volume ls --quiet --filter driver=swarmnfs:latest")).split("\n");
  t.deepEqual(
    listed.filter((name) => known.includes(name)),
    known.toSorted(),
  );
  t.is((await on.swarmnfs("doctor")).exitCode, 0, (await on.swarmnfs("doctor")).stdout);
});

test.serial("nothing stays mounted when the last container is gone", async (t) => {
  await on.allUnmounted();
  t.is((await on.status("blog_data"))["state"], "idle");
});
