import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { cloneTree } from "../../../storage/directory/clone-tree.ts";
import { Directory } from "../../../storage/directory/confined.ts";
import { temporaryDirectory } from "../places.ts";

const run = promisify(execFile);

/** `from` as the script makes it, and an empty `to` beside it. */
async function pair(t: ExecutionContext, script: string): Promise<string> {
  const path = await temporaryDirectory(t);
  for (const name of ["from", "to"]) await fs.mkdir(join(path, name));
  await run("sh", ["-euc", script], { cwd: join(path, "from") });
  return path;
}

async function clone(path: string, before?: string): Promise<void> {
  await using root = await Directory.root(path);
  await using from = await root.open("from");
  await using to = await root.open("to");
  await using earlier = before === undefined ? null : await root.open(before);
  await cloneTree(from, to, async () => undefined, earlier === null ? [] : [earlier]);
}

/** Owners, modes, times to the second, ACLs and attributes of everything. */
async function listing(path: string, side: "from" | "to"): Promise<string> {
  const { stdout } = await run(
    "sh",
    [
      "-euc",
      "find . -printf '%P %y %m %U %G %s %Ts %n %l\\n' | sort; getfacl -R -P . | sed 's/^# file: .*/&/'; getfattr -R -P -d -m - -e hex . | sort",
    ],
    { cwd: join(path, side), encoding: "latin1", maxBuffer: 1024 ** 3 },
  );
  return stdout;
}

const rich = `
mkdir -p deep/er; echo one >one; echo two >deep/two; ln one deep/hard; ln -s one link; echo plain >plain
setfattr -n user.comment -v 'a "word" = \\\\ and more' one
setfattr -n user.bytes -v 0x00ff0a3d5c deep/two
setfattr -n user.empty deep/two
setfattr -n user.folder -v yes deep/er
setfacl -m u:1234:rwx,g:77:r deep/two
setfacl -m u:1234:r-x -m d:u:1234:rwx,d:g::r-x deep .
printf odd >"$(printf 'not\\377utf8')"; setfattr -n user.odd -v x "$(printf 'not\\377utf8')"
setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 plain
setfattr -n trusted.ours -v t plain
chmod 4751 one; touch -d '2020-01-01' one deep/two deep/er deep .
`;

test("a copy has all extended attributes and ACLs, of files and of directories, the top one as well", async (t) => {
  const path = await pair(t, rich);
  await clone(path);
  // The top directory's owner and mode are the volume's, and given by whoever asks for the copy.
  await fs.utimes(join(path, "to"), new Date("2020-01-01"), new Date("2020-01-01"));
  const [from, to] = [await listing(path, "from"), await listing(path, "to")];
  t.regex(from, /user\.comment=0x/);
  t.regex(from, /default:user:1234:rwx/);
  t.regex(from, /security\.capability=0x/);
  t.deepEqual(to.split("\n").slice(1), from.split("\n").slice(1));
});

test("files that were taken over from an earlier attempt have theirs", async (t) => {
  const path = await pair(t, rich);
  await clone(path);
  await fs.rename(join(path, "to"), join(path, "before"));
  await fs.mkdir(join(path, "to"));
  const { ino } = await fs.stat(join(path, "before/deep/two"));
  await clone(path, "before");
  t.is((await fs.stat(join(path, "to/deep/two"))).ino, ino);
  const { stdout } = await run("getfattr", ["-n", "user.bytes", "-e", "hex", "deep/two"], {
    cwd: join(path, "to"),
  });
  t.regex(stdout, /user\.bytes=0x00ff0a3d5c/);
});

test("a copy that is killed leaves nobody at work, and the next one makes it whole", async (t) => {
  const path = await pair(
    t,
    "for d in 1 2 3 4 5 6; do mkdir $d; for f in $(seq 40); do echo $d$f >$d/$f; setfattr -n user.n -v $d-$f $d/$f; done; done",
  );
  const program = `
    import { cloneTree } from ${JSON.stringify(join(import.meta.dirname, "../../../storage/directory/clone-tree.ts"))};
    import { Directory } from ${JSON.stringify(join(import.meta.dirname, "../../../storage/directory/confined.ts"))};
    const root = await Directory.root(process.argv[1]);
    let files = 0;
    await cloneTree(await root.open("from"), await root.open("to"), async () => {
      files += 1;
      if (files === 30) process.stdout.write("half\\n");
    });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  // What was started by it reaches files through its descriptors, which are gone.
  await t.throwsAsync(fs.access(`/proc/${child.pid}/fd`), { code: "ENOENT" });
  await fs.rename(join(path, "to"), join(path, "before"));
  await fs.mkdir(join(path, "to"));
  await clone(path, "before");
  const listed = async (side: string): Promise<string[]> => {
    const { stdout } = await run("getfattr", ["-R", "-P", "-d", "."], { cwd: join(path, side) });
    return stdout.split("\n\n").toSorted();
  };
  t.deepEqual(await listed("to"), await listed("from"));
});

test("where nothing has attributes no file is asked for any", async (t) => {
  const path = await pair(t, "mkdir -p a/b; echo x >a/b/c");
  await clone(path);
  t.is(await fs.readFile(join(path, "to/a/b/c"), "utf8"), "x\n");
});
