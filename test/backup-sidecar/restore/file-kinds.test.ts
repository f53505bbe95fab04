import {
  chmod,
  chown,
  lchown,
  link,
  lutimes,
  mkdir,
  open,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { Restorable } from "../restorable.ts";

const at = "2026-03-01T06:00:00Z";

/** Saves what is in the volume and brings it back as another; returns the two directories. */
async function roundTrip(
  t: ExecutionContext,
  place: Restorable,
): Promise<readonly [string, string]> {
  await place.save("blog_data", at);
  const report = await place
    .restorer()
    .restore({ source: "blog", at: null, paths: [], to: { kind: "volume", name: "back" } });
  t.deepEqual(report.differences, []);
  return [place.folder("blog_data"), place.folder("back")];
}

/** Everything below a directory, with all that find(1) knows of it but what no copy can have; sorted. */
async function inventory(
  folder: string,
  format = String.raw`%P %y %m %U:%G %s %T@ %l\0`,
): Promise<string[]> {
  const { stdout } = await execa("find", [".", "-mindepth", "1", "-printf", format], {
    cwd: folder,
    encoding: "buffer",
  });
  return Buffer.from(stdout).toString("latin1").split("\0").toSorted();
}

async function devices(folder: string): Promise<number[]> {
  return Promise.all(["null", "disk"].map(async (name) => (await stat(join(folder, name))).rdev));
}

/** All extended attributes, ACLs among them, by file. */
async function attributes(cwd: string): Promise<string[]> {
  const { stdout } = await execa("getfattr", ["-Rhd", "-m", "-", "-e", "hex", "."], { cwd });
  return stdout.split("\n\n").toSorted();
}

test.serial("fault 36: names of every kind come back byte for byte", async (t) => {
  const place = await Restorable.begin(t);
  const folder = place.folder("blog_data");
  const names: (string | Buffer)[] = [
    "new\nline",
    Buffer.from([0x62, 0xff, 0xfe, 0x64]),
    "caf\u00E9",
    "cafe\u0301",
    "x".repeat(255),
    " leading",
    "trailing ",
    "dot.",
    ':*?"<>|\\',
    "%41",
    "#",
    "-n",
    "'quoted'",
    "\u202Eright to left",
    "\u0007bell",
  ];
  for (const name of names)
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]), "x");
  const [before, after] = await roundTrip(t, place);
  const expected = await inventory(before);
  t.is(expected.length, names.length + 1);
  t.deepEqual(await inventory(after), expected);
});

test.serial(
  "fault 38: links, pipes, devices, owners, modes, times, attributes and ACLs come back; sockets do not",
  async (t) => {
    const place = await Restorable.begin(t);
    const folder = place.folder("blog_data");
    const at2001 = new Date("2001-02-03T04:05:06.789Z");
    await writeFile(join(folder, "file"), "content");
    await link(join(folder, "file"), join(folder, "hard"));
    await symlink("file", join(folder, "soft"));
    await symlink("/does/not/exist", join(folder, "dangling"));
    await lchown(join(folder, "dangling"), 5, 6);
    await lutimes(join(folder, "dangling"), at2001, at2001);
    await mkdir(join(folder, "empty"));
    await writeFile(join(folder, "setuid"), "");
    await chown(join(folder, "setuid"), 1000, 33);
    await chmod(join(folder, "setuid"), 0o6755);
    await execa("mkfifo", [join(folder, "pipe")]);
    await execa("mknod", [join(folder, "null"), "c", "1", "3"]);
    await execa("mknod", [join(folder, "disk"), "b", "7", "200"]);
    await execa("setfattr", ["-n", "user.note", "-v", "text", join(folder, "file")]);
    await execa("setfattr", ["-n", "trusted.note", "-v", "secret", join(folder, "file")]);
    await execa("setfacl", ["-m", "u:1000:rwx,g:33:r", join(folder, "file")]);
    await execa("setfacl", ["-d", "-m", "u:1000:rwx", join(folder, "empty")]);
    await chmod(join(folder, "empty"), 0o1777);
    await utimes(join(folder, "empty"), at2001, at2001);
    const socket = createServer().listen(join(folder, "socket"));
    t.teardown(() => socket.close());
    const [before, after] = await roundTrip(t, place);
    const expected = (await inventory(before)).filter((line) => !line.startsWith("socket "));
    t.deepEqual(await inventory(after), expected);
    t.is((await stat(join(after, "file"))).ino, (await stat(join(after, "hard"))).ino);
    t.deepEqual(await devices(after), await devices(before));
    const found = await attributes(after);
    t.deepEqual(found, await attributes(before));
    for (const each of ["user.note", "trusted.note", "posix_acl_access", "posix_acl_default"])
      t.true(found.join().includes(each), each);
  },
);

test.serial("fault 39: a sparse file comes back with its holes", async (t) => {
  const place = await Restorable.begin(t);
  const folder = place.folder("blog_data");
  await writeFile(join(folder, "disk.img"), "");
  await truncate(join(folder, "disk.img"), 256 * 1024 * 1024);
  await using file = await open(join(folder, "disk.img"), "r+");
  await file.write("in the middle", 100 * 1024 * 1024);
  const [, after] = await roundTrip(t, place);
  const { size, blocks } = await stat(join(after, "disk.img"));
  t.is(size, 256 * 1024 * 1024);
  t.true(blocks * 512 < 8 * 1024 * 1024, String(blocks));
});

test.serial("fault 40: an empty file, and a directory with very many", async (t) => {
  const place = await Restorable.begin(t);
  const folder = place.folder("blog_data");
  await mkdir(join(folder, "many"));
  await writeFile(join(folder, "nothing"), "");
  await execa("sh", ["-c", "seq -f f%g 3000 | xargs touch"], { cwd: join(folder, "many") });
  const [before, after] = await roundTrip(t, place);
  t.deepEqual(await inventory(after), await inventory(before));
});
