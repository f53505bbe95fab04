import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { cloneTree } from "../../../storage/directory/clone-tree.ts";
import { Directory } from "../../../storage/directory/confined.ts";
import { temporaryDirectory } from "../places.ts";

const run = promisify(execFile);

class Pair {
  readonly path: string;
  /** Bytes that the copy said it has come by. */
  told = 0;

  constructor(path: string) {
    this.path = path;
  }

  static async make(t: ExecutionContext, script: string): Promise<Pair> {
    const pair = new Pair(await temporaryDirectory(t));
    for (const name of ["from", "to"]) await fs.mkdir(join(pair.path, name));
    await run("sh", ["-euc", script], { cwd: join(pair.path, "from") });
    return pair;
  }

  /** Into a new directory, with what the last attempt left. */
  async clone(crashAt = Infinity): Promise<void> {
    await using root = await Directory.root(this.path);
    await using from = await root.open("from");
    await fs.rm(join(this.path, "before"), { recursive: true, force: true });
    await root.rename("to", root, "before");
    await root.mkdir("to", 0o700);
    await using to = await root.open("to");
    await using before = await root.open("before");
    let steps = 0;
    const advance = async (bytes: number): Promise<void> => {
      this.told += bytes;
      steps += 1;
      if (steps >= crashAt) throw new Error("crash");
    };
    await cloneTree(from, to, advance, [before]);
  }

  /** What tells two trees apart: everything but inodes and the times of directories above. */
  async listing(side: "from" | "to"): Promise<string> {
    const format = String.raw`%P %y %m %U %G %s %T@ %n %l\n`;
    const { stdout } = await run("sh", [
      "-c",
      `cd "$0" && find . -mindepth 1 -printf '${format}' | sed 's/\\.\\([0-9]\\{2\\}\\)[0-9]*/.\\1/' | sort; find . -type f -exec sha256sum {} + | sort`,
      join(this.path, side),
    ]);
    return stdout;
  }
}

const asRoot = process.getuid?.() === 0 ? "chown 1000:33 owned; chown -h 7:8 link" : "true";
const everything = `
mkdir -p deep/er/still empty
echo one >one; echo two >deep/two; : >none
head -c 3000000 /dev/urandom >deep/er/large
ln one deep/hard; ln -s ../one deep/link-out; ln -s /etc/shadow link
touch owned; chmod 4751 one; chmod 0600 deep/two; chmod 1777 empty
touch -d '2026-02-03 04:05:06.123456' one deep/er/large
touch -h -d '2026-01-01' link
printf 'odd' >"$(printf 'not\\377utf8')"; echo x >'-n'; echo y >'a
b'
${asRoot}
touch -d '2020-01-01' deep/er empty deep
`;

test("a copy has everything with owner, mode, times, hard links, symlinks and odd names", async (t) => {
  const pair = await Pair.make(t, everything);
  await pair.clone();
  t.is(await pair.listing("to"), await pair.listing("from"));
  const [one, hard] = await Promise.all(
    ["one", "deep/hard"].map((name) => fs.stat(join(pair.path, "to", name))),
  );
  t.is(one?.ino, hard?.ino);
  t.true(pair.told >= 3_000_000);
});

test("a copy that is ended at any step and begun again becomes whole", async (t) => {
  const pair = await Pair.make(t, everything);
  for (let step = 1; step < 40; step += 1) {
    await pair.clone(step).catch((error: unknown) => t.regex(String(error), /crash/));
  }
  await pair.clone();
  t.is(await pair.listing("to"), await pair.listing("from"));
});

test("what is whole already is not copied again", async (t) => {
  const pair = await Pair.make(t, everything);
  await pair.clone();
  const before = await fs.stat(join(pair.path, "to/deep/er/large"));
  await pair.clone();
  t.is((await fs.stat(join(pair.path, "to/deep/er/large"))).ino, before.ino);
});

test("what changed in the source between two attempts is as it is in the end", async (t) => {
  const pair = await Pair.make(t, everything);
  await pair.clone();
  await run(
    "sh",
    ["-euc", "rm -r deep/er; echo file >deep/er; rm one; mkdir one; echo more >>deep/two; rm none"],
    { cwd: join(pair.path, "from") },
  );
  await pair.clone();
  t.is(await pair.listing("to"), await pair.listing("from"));
});

test("holes stay holes", async (t) => {
  const pair = await Pair.make(
    t,
    "truncate -s 50M sparse; printf end | dd of=sparse bs=1 seek=52428800 conv=notrunc status=none; printf start | dd of=sparse conv=notrunc status=none",
  );
  await pair.clone();
  t.is(await pair.listing("to"), await pair.listing("from"));
  const { blocks } = await fs.stat(join(pair.path, "to/sparse"));
  t.true(blocks * 512 < 1_000_000, String(blocks));
});

test("pipes and sockets are left out, and nobody waits for them", async (t) => {
  const pair = await Pair.make(t, "mkfifo pipe; echo x >file");
  await pair.clone();
  t.deepEqual(await fs.readdir(join(pair.path, "to")), ["file"]);
});

test("a directory that becomes a symlink while it is copied leads nowhere", async (t) => {
  const pair = await Pair.make(t, "mkdir inside; echo ours >inside/file");
  const outside = join(pair.path, "outside");
  await fs.mkdir(outside);
  await fs.writeFile(join(outside, "secret"), "theirs");
  const swapping = (async () => {
    for (let round = 0; round < 200; round += 1) {
      await fs.rename(join(pair.path, "from/inside"), join(pair.path, "from/kept"));
      await fs.symlink(outside, join(pair.path, "from/inside"));
      await fs.unlink(join(pair.path, "from/inside"));
      await fs.rename(join(pair.path, "from/kept"), join(pair.path, "from/inside"));
    }
  })();
  for (let round = 0; round < 50; round += 1) {
    await pair.clone();
    const { stdout } = await run("grep", ["-rl", "theirs", join(pair.path, "to")]).catch(() => ({
      stdout: "",
    }));
    t.is(stdout, "");
  }
  await swapping;
});

test("a file system that is full says so", async (t) => {
  const pair = await Pair.make(t, "head -c 3000000 /dev/urandom >large");
  const to = join(pair.path, "to");
  await run("mount", ["-t", "tmpfs", "-o", "size=1M", "tmpfs", to]);
  t.teardown(() => run("umount", ["-l", to]));
  await using root = await Directory.root(pair.path);
  await using from = await root.open("from");
  await using target = await root.open("to");
  await t.throwsAsync(
    cloneTree(from, target, async () => undefined),
    { code: "ENOSPC" },
  );
});
