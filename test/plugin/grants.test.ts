import { stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Grants } from "../../plugin/grants.ts";
import { temporaryDirectory } from "../storage/places.ts";

test("who is remembered already costs no write, however many they are", async (t) => {
  const folder = await temporaryDirectory(t);
  const grants = await Grants.open(folder, t.fail);
  const inode = async (): Promise<number> => (await stat(join(folder, "grants.json"))).ino;
  const crowd = Array.from({ length: 20 }, (_, index) => `container "crowd-${index}"`);
  await grants.remember("id", crowd, "2026-03-01T09:14:02Z");
  const remembered = grants.rememberedFor("id");
  t.is(remembered.length, 10);
  const before = await inode();
  await grants.remember("id", crowd, "2026-03-01T09:14:03Z");
  t.is(await inode(), before);
  t.deepEqual(grants.rememberedFor("id"), remembered);

  await grants.remember("id", ['container "new"'], "2026-03-01T09:14:04Z");
  t.is(grants.rememberedFor("id")[0], 'container "new"');
  t.not(await inode(), before);
});
