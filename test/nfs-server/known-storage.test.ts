import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { pino } from "pino";
import { KnownStorage } from "../../nfs-server/known-storage.ts";

const id = "018f0000-0000-7000-8000-000000000001";
const log = pino({ level: "silent" });

test("the data disk that a machine has is remembered, also where its folder is still to be made", async (t) => {
  const place = join(await folder(t), "state", "storage.json");
  const known = await KnownStorage.open(place, log);
  t.is(known.id, null);
  await known.remember(id);
  t.is(known.id, id);
  t.is((await KnownStorage.open(place, log)).id, id);
});

test("a file that cannot be read is set aside, and no reason not to serve", async (t) => {
  const place = join(await folder(t), "storage.json");
  await writeFile(place, "{");
  const known = await KnownStorage.open(place, log);
  t.is(known.id, null);
  await known.remember(id);
  t.is((await KnownStorage.open(place, log)).id, id);
});

test("neither is a place that cannot be written to", async (t) => {
  const file = join(await folder(t), "file");
  await writeFile(file, "");
  const known = await KnownStorage.open(join(file, "storage.json"), log);
  await known.remember(id);
  t.is(known.id, null);
});

async function folder(t: ExecutionContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "swarmnfs-known-"));
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}
