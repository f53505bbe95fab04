import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { systemClock } from "../../../service/clock.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const volumes = Array.from({ length: 40 }, (_, index) => `v${index}`);
const signs = volumes.map((volume) => ({
  volume,
  since: "2026-11-23T06:00:00Z",
  consumers: ["web"],
}));

test("signs of use that are written or read one after the other are progress: many of them are not taken for a storage that hangs", async (t) => {
  let steps = 0;
  const storage = directoryStorage(await temporaryDirectory(t), {
    progress: () => {
      steps += 1;
    },
  });
  await storage.open(null);
  await storage.renew(signs, node1);
  t.true(steps >= volumes.length, `${steps} steps while they were written`);
  steps = 0;
  t.is(Object.keys((await storage.list()).uses).length, volumes.length);
  t.true(steps >= volumes.length, `${steps} steps while they were read`);
});

test("on a storage of our own, folders of signs that nobody has touched are not read again, and every change is seen", async (t) => {
  const path = await temporaryDirectory(t);
  const settings = {
    url: `dir://${path}`,
    path,
    trashDays: 30,
    makeRoot: false,
    served: true as const,
  };
  const storage = new DirectoryStorage(settings, { clock: systemClock });
  await storage.open(null);
  await storage.renew(signs, node1);
  const use = join(path, ".swarmnfs", "use");
  // So long ago that the folders' times say whether something has happened since.
  const before = new Date(Date.now() - 10_000);
  for (const volume of volumes) await utimes(join(use, volume), before, before);
  const nodes = async (volume: string): Promise<string[]> =>
    ((await storage.list()).uses[volume] ?? []).map(({ node }) => node).toSorted();
  t.deepEqual(await nodes("v0"), ["node1"]);

  await storage.renew(signs.slice(0, 1), node2);
  t.deepEqual(await nodes("v0"), ["node1", "node2"]);
  await rm(join(use, "v0", node1.id));
  t.deepEqual(await nodes("v0"), ["node2"]);
  t.deepEqual(await nodes("v1"), ["node1"]);
  await mkdir(join(path, "aside"));
  await rename(join(use, "v1"), join(path, "aside", "v1"));
  t.deepEqual(await nodes("v1"), []);

  // Nothing tells that a file was written over in its place: it is what nobody does, and how it is seen that nobody looked.
  await writeFile(join(use, "v2", node1.id), "{}");
  t.deepEqual(await nodes("v2"), ["node1"]);
});
