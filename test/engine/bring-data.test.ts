// Data that is there already comes into volumes, and goes out again: by the command, on a real engine.
import test from "ava";
import { until } from "./engine-under-test.ts";
import { fileEngine } from "./file-engine.ts";

const on = fileEngine("bring-data");

const tree = `
mkdir -p deep/er; echo one >one; ln one deep/hard; ln -s ../one deep/link; ln -s /etc/shadow out
dd if=/dev/urandom of=deep/er/large bs=1M count=3 2>/dev/null; chown 33:44 one deep; chmod 2750 deep
touch -d '2020-01-01 01:02:03' one deep/er deep .`;
const listing = `find . | sort | while read -r f; do stat -c '%n %F %a %u %g %h %Y %N' "$f"; done
find . -type f | sort | xargs md5sum`;

async function inside(volume: string, script: string, name: string): Promise<string> {
  const { exitCode, stdout, stderr } = await on.inContainer(name, volume, `set -eu; ${script}`);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** `swarmnfs LINE`, which must succeed. */
async function swarmnfs(line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await on.swarmnfs(line);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

test.serial(
  "a local volume of Docker's comes in whole, and its containers go on with the volume",
  async (t) => {
    await on.docker("volume create old");
    await inside("old", tree, "before");
    const before = await inside("old", listing, "before");
    const said = await swarmnfs("import local:old --app blog --volume blog_data");
    t.regex(said, /Copied and compared, every byte: /);
    t.regex(said, /external: true/);
    t.is(await inside("blog_data", listing, "blog-1"), before);
    t.is(await inside("old", listing, "before"), before, "the source is as it was");
  },
);

test.serial("done again it is refused, and nothing is overwritten", async (t) => {
  await inside("blog_data", "echo mine >one", "blog-1");
  await t.throwsAsync(swarmnfs("import local:old --app blog --volume blog_data"), {
    message: /holds files already/,
  });
  t.is(await inside("blog_data", "cat one", "blog-1"), "mine");
});

test.serial("a directory of the node comes in, and a source in use is refused", async (t) => {
  await on.engine.run("sh", [
    "-euc",
    "mkdir -p /var/lib/bring/site; cd /var/lib/bring/site; echo hello >index.html",
  ]);
  await on.docker("run -d --init --name user -v /var/lib/bring:/srv busybox sleep 600");
  await t.throwsAsync(swarmnfs("import /var/lib/bring/site --app web --volume site"), {
    message: /is in use by user/,
  });
  await on.docker("rm --force user");
  await swarmnfs("import /var/lib/bring/site --app web --volume site");
  t.is(await inside("site", "cat index.html", "web-1"), "hello");
});

test.serial("a volume that somebody has mounted is not filled", async (t) => {
  await on.docker("volume create -d swarmnfs -o app=busy busy");
  await on.docker("run -d --init --name busy-1 -v busy:/d busybox sleep 600");
  await t.throwsAsync(swarmnfs("import local:old --app busy --volume busy"), {
    message: /is in use by node node1: container "busy-1"/,
  });
  await on.docker("rm --force busy-1");
});

test.serial("and out again: to a local volume that is made, and to a directory", async (t) => {
  const before = await inside("old", listing, "before");
  await swarmnfs("import local:old --app out --volume out");
  await swarmnfs("export out --to local:back");
  t.is(await inside("back", listing, "after"), before);
  await on.engine.run("mkdir", ["-p", "/var/lib/bring/back"]);
  await swarmnfs("export out --to /var/lib/bring/back");
  const { stdout } = await on.engine.run("sh", ["-euc", "cd /var/lib/bring/back; cat one; ls -A"]);
  t.is(stdout.trim(), "one\ndeep\none\nout");
  await t.throwsAsync(swarmnfs("export out --to /var/lib/bring/back"), {
    message: /holds files already/,
  });
});

test.serial(
  "a directory of the storage that a container has mounted is not adopted before that ends",
  async (t) => {
    const root = "/var/lib/swarmnfs/data";
    await on.engine.run("sh", [
      "-euc",
      `mkdir -p ${root}/by-hand; echo hello >${root}/by-hand/file`,
    ]);
    await on.docker(`run -d --init --name user -v ${root}/by-hand:/d busybox sleep 600`);
    const line = "adopt by-hand --app hand --volume hand";
    await t.throwsAsync(swarmnfs(line), { message: /"by-hand" is mounted by user/ });
    await on.docker("rm --force user");
    t.regex(await swarmnfs(line), /nothing was copied/);
    t.is(await inside("hand", "cat file", "hand-1"), "hello");
  },
);

test.serial("a copy that is ended in the middle is gone on with by the same command", async (t) => {
  const script = "for i in $(seq 60); do dd if=/dev/urandom of=$i bs=1M count=2 2>/dev/null; done";
  await on.docker("volume create large");
  await inside("large", script, "before");
  const before = await inside("large", "md5sum *", "before");
  const line = "import local:large --app big --volume big";
  const first = on.swarmnfs(line);
  const kill = async (): Promise<boolean> => {
    const { exitCode } = await on.attempt("kill swarmnfs-import-big");
    return exitCode === 0;
  };
  await until("it runs", kill);
  const { exitCode, stderr } = await first;
  t.is(exitCode, 1);
  t.regex(stderr, /Nothing is lost: the same command goes on with it/);
  t.is(await inside("big", "ls", "big-1"), "");
  await swarmnfs(line);
  t.is(await inside("big", "md5sum *", "big-1"), before);
});
