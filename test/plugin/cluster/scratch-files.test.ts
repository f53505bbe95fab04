import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { childScratchFiles } from "../../../plugin/cluster/scratch-files.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "swarmnfs-scratch-"));
  t.teardown(() => rm(directory, { recursive: true }));
  return directory;
}

test("what a child wrote a child reads, and nothing else is there", async (t) => {
  const directory = await folder(t);
  await childScratchFiles.write(directory, "node1", "0123abcd");
  t.is(await childScratchFiles.read(directory, "node1"), "0123abcd");
  t.deepEqual(await readdir(directory), ["node1"]);
});

test("what is not there, or leads elsewhere, is not read", async (t) => {
  const directory = await folder(t);
  await t.throwsAsync(childScratchFiles.read(directory, "node2"), {
    message: "The file is not there (ENOENT)",
  });
  await writeFile(path.join(directory, "secret"), "s3cret");
  await symlink("secret", path.join(directory, "node3"));
  await t.throwsAsync(childScratchFiles.read(directory, "node3"), {
    message: "The file cannot be read (ELOOP)",
  });
});
