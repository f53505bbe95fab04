import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { openSync, writeSync, closeSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { ProcChannel } from "../../../nfs-server/exports/channel.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "swarmnfs-channel-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  await mkdir(join(path, "nfsd.export"));
  await writeFile(join(path, "nfsd.export", "flush"), "");
  return path;
}

test("questions are read as they come, and nothing is waited for", async (t) => {
  const path = await folder(t);
  const fifo = join(path, "nfsd.export", "channel");
  await execa("mkfifo", [fifo]);
  const channel = new ProcChannel("nfsd.export", path);
  t.deepEqual(channel.questions(), []);
  const kernel = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  writeSync(kernel, "node1 /exports/a\nnot understood at all\nnode1 /exports/b\\040c\n");
  t.deepEqual(channel.questions(), [
    { channel: "nfsd.export", client: "node1", path: "/exports/a" },
    { channel: "nfsd.export", client: "node1", path: "/exports/b c" },
  ]);
  t.deepEqual(channel.questions(), []);
  closeSync(kernel);
  channel.close();
});

test("one answer is one line, and the table can be emptied", async (t) => {
  const path = await folder(t);
  await writeFile(join(path, "nfsd.export", "channel"), "");
  const channel = new ProcChannel("nfsd.export", path);
  channel.tell({ question: { channel: "nfsd.export", client: "n", path: "/e" }, answer: null }, 17);
  channel.forget();
  channel.close();
  t.is(await readFile(join(path, "nfsd.export", "channel"), "utf8"), "n /e 17\n");
  t.regex(await readFile(join(path, "nfsd.export", "flush"), "utf8"), /^\d+\n$/);
});

test("without the kernel's NFS server there is no channel, and that is said", async (t) => {
  const path = await folder(t);
  t.throws(() => new ProcChannel("nfsd.fh", path), { code: "ENOENT" });
});
