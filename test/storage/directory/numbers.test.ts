import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { parseOptions } from "../../../storage/rules/options.ts";
import { Directory } from "../../../storage/directory/confined.ts";
import { Layout } from "../../../storage/directory/layout.ts";
import { giveNumberBack, takeNumber } from "../../../storage/directory/numbers.ts";
import { node1 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

test("a number that is taken is not given again until it was given back", async (t) => {
  const path = await temporaryDirectory(t);
  await mkdir(join(path, ".swarmnfs"));
  await using layout = await Layout.within(await Directory.root(path));
  const drawn = [7, 7, 7, 8, 7];
  const draw = (): number => drawn.shift() ?? Number.NaN;
  t.is(await takeNumber(layout, draw), 7);
  t.is(await takeNumber(layout, draw), 8);
  await giveNumberBack(layout, 7);
  t.is(await takeNumber(layout, draw), 7);
  await giveNumberBack(layout, 9);
});

test("a volume keeps its number in the trash, and gives it back when it is destroyed", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const taken = (): Promise<string[]> => readdir(join(path, ".swarmnfs/numbers"));
  const { fsid } = await storage.create({ name: "v", options: parseOptions({}) }, node1);
  t.deepEqual(await taken(), [String(fsid)]);
  const removed = await storage.remove("v", node1);
  t.deepEqual(await taken(), [String(fsid)]);
  await storage.purge(removed.kind === "trashed" ? [removed.entry] : [], node1);
  t.deepEqual(await taken(), []);
});
