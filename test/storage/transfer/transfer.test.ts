import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "ava";
import { everything, TwoPlaces } from "./two-places.ts";

function crash(): never {
  throw new Error("crash");
}

const unchanged = { whole: true, differences: { count: 0, first: [] } };

test("a transfer keeps all there is to keep, of hostile trees as well", async (t) => {
  t.timeout(120_000);
  const places = await TwoPlaces.make(t, everything);
  const before = await places.listing("from");
  t.like(await places.transfer(), unchanged);
  t.is(await places.listing("to"), before);
  t.is(await places.listing("from"), before, "the source is as it was");
  const { blocks } = await fs.stat(join(places.path, "to/holes"));
  t.true(blocks * 512 < 1024 ** 2, "holes are holes");
});

test("what cannot be copied is said: a pipe, a socket", async (t) => {
  const places = await TwoPlaces.make(t, "mkdir run; mkfifo run/pipe; echo x >file");
  const server = createServer().listen(join(places.path, "from/run/socket"));
  t.teardown(() => server.close());
  const { leftOut, whole } = await places.transfer();
  t.true(whole);
  t.is(leftOut.count, 2);
  t.deepEqual([...leftOut.first].toSorted(), ["run/pipe: a pipe", "run/socket: a socket"]);
});

test("a place that holds anything is refused, and nothing in it touched", async (t) => {
  const places = await TwoPlaces.make(t, "echo new >file");
  await places.run("to", "echo old >file; echo other >other");
  const before = await places.listing("to");
  const refused = { code: "conflict", message: /holds files already \(".*" and 1 more\)/ };
  await t.throwsAsync(places.transfer(), refused);
  t.is(await places.listing("to"), before);
});

test("what was done is not done again, nor another source put upon it", async (t) => {
  const places = await TwoPlaces.make(t, "echo new >file");
  await places.transfer();
  await t.throwsAsync(places.transfer(), { code: "conflict" });
  t.deepEqual(await places.names("to"), ["file"]);
});

test("nothing is seen in the target before all of it was compared", async (t) => {
  const places = await TwoPlaces.make(t, everything);
  const seen = new Set<string>();
  let looks = 0;
  await places.transfer(() => {
    looks += 1;
    for (const name of readdirSync(join(places.path, "to"))) seen.add(name);
  });
  t.true(looks > 20);
  t.deepEqual([...seen], [".swarmnfs-transfer"]);
});

test("files that somebody writes there meanwhile stay, and the transfer goes on when they are gone", async (t) => {
  const places = await TwoPlaces.make(t, "echo new >file; echo new >other; mkdir d; echo x >d/x");
  let isFirst = true;
  const work = places.transfer(({ doing }) => {
    if (doing !== "comparing" || !isFirst) return;
    isFirst = false;
    writeFileSync(join(places.path, "to/file"), "somebody's");
    mkdirSync(join(places.path, "to/d/theirs"), { recursive: true });
  });
  await t.throwsAsync(work, { code: "conflict", message: /nothing is overwritten/ });
  t.is(await fs.readFile(join(places.path, "to/file"), "utf8"), "somebody's");
  t.deepEqual(await fs.readdir(join(places.path, "to/d")), ["theirs"]);
  await t.throwsAsync(places.transfer(), { code: "conflict" });
  t.is(await fs.readFile(join(places.path, "to/file"), "utf8"), "somebody's");
  await places.run("to", "rm -r file d");
  t.like(await places.transfer(), unchanged);
  t.is(await places.listing("to"), await places.listing("from"));
});

test("of a source that changes while it is copied it is said what; what did not change is not copied again", async (t) => {
  const places = await TwoPlaces.make(t, "mkdir d; echo one >d/a; echo two >b");
  const inodes = (): Promise<string> =>
    places.run("to", "find . -name b -printf '%i' | sort | head -1");
  let isFirst = true;
  const report = await places.transfer(({ doing }) => {
    if (doing !== "comparing" || !isFirst) return;
    isFirst = false;
    // What is in a directory is compared after what is beside it.
    writeFileSync(join(places.path, "from/d/a"), "ONE\n");
    writeFileSync(join(places.path, "from/d/new"), "new\n");
  });
  t.false(report.whole);
  t.deepEqual([...report.differences.first].toSorted(), [
    "d/a: its content differs",
    "d/new: is missing in the copy",
  ]);
  t.deepEqual(await places.names("to"), [".swarmnfs-transfer"]);
  const before = await inodes();
  t.like(await places.transfer(), unchanged);
  t.is(await inodes(), before, "b was not copied again");
  t.is(await places.listing("to"), await places.listing("from"));
});

test("a transfer of something else does not go on with another one's work", async (t) => {
  const places = await TwoPlaces.make(t, "echo one >a");
  await t.throwsAsync(places.transfer(crash, "local:one"), { message: "crash" });
  await t.throwsAsync(places.transfer(undefined, "local:two"), {
    code: "conflict",
    message: /a copy of local:one was begun there/,
  });
  t.like(await places.transfer(undefined, "local:one"), unchanged);
  t.deepEqual(await places.names("to"), ["a"]);
});

test("a workplace that is not ours is left alone", async (t) => {
  const places = await TwoPlaces.make(t, "echo one >a");
  await places.run("to", "mkdir .swarmnfs-transfer; echo mine >.swarmnfs-transfer/file");
  await t.throwsAsync(places.transfer(), { code: "conflict", message: /Look at it/ });
  t.is(await places.run("to", "cat .swarmnfs-transfer/file"), "mine\n");
});

for (const [what, script] of [
  ["before its job was written", "mkdir .swarmnfs-transfer"],
  [
    "while it was written",
    "mkdir .swarmnfs-transfer; printf '{\"sch' >.swarmnfs-transfer/job.json.next",
  ],
] as const) {
  test(`a workplace that was left ${what} is gone on with, unless there are files beside`, async (t) => {
    const places = await TwoPlaces.make(t, "echo one >a");
    await places.run("to", script);
    t.like(await places.transfer(), unchanged);
    const other = await TwoPlaces.make(t, "echo one >a");
    await other.run("to", `${script}; echo mine >mine`);
    await t.throwsAsync(other.transfer(), { code: "conflict", message: /"mine"/ });
    t.deepEqual(await other.names("to"), ["mine"]);
  });
}
