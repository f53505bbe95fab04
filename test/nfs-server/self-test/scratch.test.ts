import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { diskIn } from "../../../nfs-server/self-test/disk.ts";
import { parseWatches } from "../../../nfs-server/self-test/file-identity.ts";
import { openScratch } from "../../../nfs-server/self-test/scratch.ts";

test("the kernel tells how a file system names what is watched", (t) => {
  const text = [
    "pos:\t0",
    "inotify wd:1 ino:51a8fa sdev:fe00000 mask:fc6 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:faa85100ca7e59cc",
    "inotify wd:a ino:80 sdev:fd00001 mask:fc6 ignored_mask:0 fhandle-bytes:c fhandle-type:81 f_handle:800000000000000007000000",
    "inotify wd:b ino:80 sdev:fd00001 mask:fc6 ignored_mask:0 fhandle-bytes:0 fhandle-type:0 f_handle:",
    "",
  ].join("\n");
  t.deepEqual(
    [...parseWatches(text)],
    [
      ["1", { kind: 1, bytes: Buffer.from("faa85100ca7e59cc", "hex") }],
      ["a", { kind: 0x81, bytes: Buffer.from("800000000000000007000000", "hex") }],
    ],
  );
});

// A file system whose files have handles, wherever this runs.
const memory = "/dev/shm";

test("the directories are made once, and everything around them has its own name in handles", async (t) => {
  const data = await mkdtemp(join(memory, "swarmnfs-self-test-"));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  await mkdir(join(data, ".swarmnfs"));
  const scratch = await openScratch(data);
  const { ino } = await stat(join(data, ".swarmnfs/self-test/other/sample"), { bigint: true });
  t.is(scratch.file.number, ino);
  const names = Object.values(scratch).map(({ id }) => id.bytes.toString("hex"));
  t.is(new Set(names).size, 6);
  t.deepEqual(await openScratch(data), scratch);
});

test("where there is no storage none is begun", async (t) => {
  const data = await mkdtemp(join(memory, "swarmnfs-self-test-"));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  await t.throwsAsync(openScratch(data));
  await t.throwsAsync(stat(join(data, ".swarmnfs")), { code: "ENOENT" });
});

test("a disk that is mounted in another's place is another, whatever lies beside it", (t) => {
  const root = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  const first = `${root}2 1 8:16 / /nfs_volumes rw - xfs /dev/sdb rw\n`;
  const beside = `${first}3 1 8:48 / /mnt rw - xfs /dev/sdd rw\n`;
  const second = `${first}4 2 8:32 / /nfs_volumes rw - xfs /dev/sdc rw\n`;
  t.is(diskIn(first, "/nfs_volumes"), diskIn(beside, "/nfs_volumes"));
  t.not(diskIn(first, "/nfs_volumes"), diskIn(second, "/nfs_volumes"));
  t.is(diskIn("", "/nfs_volumes"), null);
});
