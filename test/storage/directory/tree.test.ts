import { execFile } from "node:child_process";
import { chmod, link, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { Directory } from "../../../storage/directory/confined.ts";
import { countTree, deleteTree } from "../../../storage/directory/tree.ts";
import { temporaryDirectory } from "../places.ts";

const run = promisify(execFile);
const nothing = (): void => {};

test("names that are not text are destroyed like others", async (t) => {
  const path = await temporaryDirectory(t);
  const folder = Buffer.from(`${path}/v/`);
  await mkdir(join(path, "v"));
  for (const bytes of [[0xff, 0xfe], [0x0a], [0x80, 0x2e], [0xe4]]) {
    await mkdir(Buffer.concat([folder, Buffer.from(bytes)]));
    await writeFile(Buffer.concat([folder, Buffer.from(bytes), Buffer.from([0x2f, 0xc3])]), "");
  }
  await using parent = await Directory.root(path);
  await using volume = await parent.open("v");
  t.is((await countTree(volume, nothing)).files, 9);
  await deleteTree(parent, "v", nothing);
  t.deepEqual(await readdir(path), []);
});

test("a tree of any depth and width is counted and destroyed", async (t) => {
  t.timeout(60_000);
  const path = await temporaryDirectory(t);
  await run(
    "sh",
    [
      "-c",
      `mkdir -p v && cd v && i=0; while [ $i -lt 500 ]; do mkdir d f$i && cd -P d; i=$((i+1)); done`,
    ],
    { cwd: path },
  );
  await mkdir(join(path, "v/wide"));
  await Promise.all(
    Array.from({ length: 3000 }, (_, index) => writeFile(join(path, "v/wide", `${index}`), "")),
  );
  await using parent = await Directory.root(path);
  {
    await using volume = await parent.open("v");
    let signs = 0;
    const count = await countTree(volume, () => {
      signs += 1;
    });
    t.is(count.files, 1 + 1000 + 1 + 3000);
    t.true(signs >= 4000);
  }
  await deleteTree(parent, "v", nothing);
  t.deepEqual(await readdir(path), []);
});

test("hard links are counted once, sparse files by what they hold", async (t) => {
  const path = await temporaryDirectory(t);
  await writeFile(join(path, "file"), Buffer.alloc(100_000, 1));
  await link(join(path, "file"), join(path, "again"));
  await run("truncate", ["-s", "1G", join(path, "sparse")]);
  await using folder = await Directory.root(path);
  const { bytes, files } = await countTree(folder, nothing);
  t.is(files, 3);
  t.true(bytes < 200_000, `${bytes}`);
});

test("files nobody may read or write are destroyed too", async (t) => {
  const path = await temporaryDirectory(t);
  await mkdir(join(path, "v/locked"), { recursive: true });
  await writeFile(join(path, "v/locked/file"), "");
  await chmod(join(path, "v/locked"), 0);
  await run("mkfifo", [join(path, "v/pipe")]);
  await using parent = await Directory.root(path);
  await deleteTree(parent, "v", nothing);
  t.deepEqual(await readdir(path), []);
});

test("what is mounted inside a volume is neither counted nor destroyed", async (t) => {
  const [path, outside] = [await temporaryDirectory(t), await temporaryDirectory(t)];
  await writeFile(join(outside, "precious"), Buffer.alloc(100_000, 1));
  await mkdir(join(path, "v/mounted"), { recursive: true });
  await writeFile(join(path, "v/file"), "");
  await run("mount", ["--bind", outside, join(path, "v/mounted")]);
  t.teardown(() => run("umount", [join(path, "v/mounted")]));
  await using parent = await Directory.root(path);
  await using volume = await parent.open("v");
  const { bytes } = await countTree(volume, nothing);
  t.true(bytes < 50_000, `${bytes}`);
  await t.throwsAsync(deleteTree(parent, "v", nothing), {
    code: "in-use",
    message: /something is mounted in it/,
  });
  t.deepEqual(await readdir(outside), ["precious"]);
  t.deepEqual(await readdir(join(path, "v")), ["mounted"]);
});
