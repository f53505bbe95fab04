import { createHash } from "node:crypto";
import { open, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { AppUnderTest } from "./app-under-test.ts";
import { BackedUp } from "./backed-up.ts";

const damages: Readonly<Record<string, (pack: string) => Promise<void>>> = {
  missing: (pack) => rm(pack),
  "cut short": (pack) => truncate(pack, 1000),
  empty: (pack) => truncate(pack, 0),
  flipped: (pack) => flip(pack, 500),
};

for (const [kind, damage] of Object.entries(damages)) {
  test(`fault 18: a pack that is ${kind} is noticed, put aside and healed from the live volume; old versions are whole`, async (t) => {
    const app = await AppUnderTest.begin(t);
    const first = (await app.run()).volumes[0]?.snapshot ?? "";
    const before = await digests(app.place.folder("blog", "blog_data"));
    await damage(await largestPack(app));

    const report = await app.verify();
    t.true(report.ok, JSON.stringify(report));
    t.regex(report.notes.join(), /healed from the live volumes/);
    t.is(report.loss, null);
    const restored = path.join(app.place.top, "restored");
    const repository = await app.service.repositories.open("blog");
    await repository.restore({ snapshot: first, target: restored, verify: true });
    t.deepEqual(await digests(restored), before);
    t.true((await repository.check({ read: "all" })).ok);
    t.is((await app.run()).outcome, "ok");
  });
}

test("fault 18: what the live volume does not have any more is reported, file by file, and once", async (t) => {
  const app = await AppUnderTest.begin(t);
  const first = (await app.run()).volumes[0]?.snapshot ?? "";
  await rm(path.join(app.place.folder("blog", "blog_data"), "posts/one"));
  const second = (await app.run()).volumes[0]?.snapshot ?? "";
  await flip(await largestPack(app), 500);

  const report = await app.verify();
  t.false(report.ok);
  t.deepEqual(report.loss?.lost, [{ snapshot: first, path: "/posts/one" }]);
  t.regex(report.notes.join(), /1 files in 1 versions are lost/);
  // The new version is whole, and nothing is healed again and again.
  const restored = path.join(app.place.top, "restored");
  const repository = await app.service.repositories.open("blog");
  await repository.restore({ snapshot: second, target: restored, verify: true });
  const again = await app.run();
  t.is(again.outcome, "degraded");
  t.regex(again.notes.join(), /1 files of older versions are lost, as was reported/);
  t.is((await repository.snapshots()).length, 4);
});

test("fault 18: a pack that the server cut short is healed through the bridge, too", async (t) => {
  const app = await AppUnderTest.begin(t, await BackedUp.withApache(t));
  t.is((await app.run()).outcome, "ok");
  await truncate(await largestPack(app), 1000);
  const report = await app.run();
  t.is(report.outcome, "ok", JSON.stringify(report));
  t.regex(report.notes.join(), /healed from the live volumes/);
  t.is((await readdir(app.place.onServer(".swarmnfs/quarantine/blog"))).length, 1);
});

async function largestPack(app: AppUnderTest): Promise<string> {
  const files = await filesBelow(app.place.onServer("repositories/blog/data"));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return files[sizes.indexOf(Math.max(...sizes))] ?? "";
}

async function flip(file: string, at: number): Promise<void> {
  await using handle = await open(file, "r+");
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([byte.readUInt8(0) ^ 1]), 0, 1, at);
}

async function digests(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of await filesBelow(folder))
    found[path.relative(folder, file)] = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  return found;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}
