import { randomUUID } from "node:crypto";
import { access, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { Peek } from "../../../storage/keeper/peek.ts";
import { isScratch, scratchName, scratchOptions } from "../../../storage/rules/scratch-name.ts";
import { create, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

const hourMs = 3_600_000;

async function start(t: ExecutionContext): Promise<{ path: string; storage: DirectoryStorage }> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  t.teardown(() => storage.close());
  return { path, storage };
}

/** The volume was made an hour ago. */
async function age(path: string, volume: string): Promise<void> {
  const file = join(path, ".swarmnfs/volumes", `${volume}.json`);
  const record = JSON.parse(await readFile(file, "utf8")) as { createdAt: string };
  record.createdAt = new Date(Date.now() - hourMs).toISOString();
  await writeFile(file, JSON.stringify(record));
}

async function call(storage: DirectoryStorage, volume: string | null = null): Promise<string> {
  const id = randomUUID();
  const { name: node, id: nodeId } = node1;
  const calledAt = new Date().toISOString();
  const asked = { schema: 1, id, node, nodeId, version: "1", volume, token: "x" } as const;
  await storage.callRoll({ ...asked, calledAt }, node1);
  return id;
}

test("nothing of it is on the storage while nobody asks, which can be seen without a keeper", async (t) => {
  const { path, storage } = await start(t);
  const folder = join(path, ".swarmnfs", "roll-calls");
  const peek = new Peek();
  t.false(await peek.sees(folder));
  const id = await call(storage);
  t.true(await peek.sees(folder));
  await storage.endRoll(id, node1);
  await t.throwsAsync(access(folder), { code: "ENOENT" });
  t.false(await peek.sees(folder));
});

test("three may ask at once, and the fourth is told who does", async (t) => {
  const { storage } = await start(t);
  for (let times = 0; times < 3; times += 1) await call(storage);
  await t.throwsAsync(call(storage), { code: "conflict", message: /^node1, node1, node1 ask all/ });
});

test("what a node left that died is not answered any more, and goes with its volume", async (t) => {
  const { path, storage } = await start(t);
  const volume = scratchName(randomUUID());
  await create(storage, volume, scratchOptions);
  const id = await call(storage, volume);
  await storage.housekeep(node1);
  t.is((await storage.list()).rollCalls?.length, 1);
  const long = new Date(Date.now() - hourMs);
  const folder = join(path, ".swarmnfs", "roll-calls", id);
  await utimes(join(folder, "called.json"), long, long);
  t.deepEqual((await storage.list()).rollCalls, []);
  await utimes(folder, long, long);
  await storage.housekeep(node1);
  t.is(await storage.get(volume), null);
  t.deepEqual(await storage.trash(), []);
  t.false((await readdir(join(path, ".swarmnfs"))).includes("roll-calls"));
});

test("a volume that a node still has stays when the call is over, and goes later", async (t) => {
  const { path, storage } = await start(t);
  const volume = scratchName(randomUUID());
  await create(storage, volume, scratchOptions);
  await storage.attach(volume, node2, []);
  const id = await call(storage, volume);
  await storage.endRoll(id, node1);
  t.not(await storage.get(volume), null);
  await storage.detach(volume, node2);
  await storage.housekeep(node1);
  t.not(await storage.get(volume), null, "it may be one of a call that is being made");
  await age(path, volume);
  await storage.housekeep(node1);
  t.is(await storage.get(volume), null);
});

test("a volume of somebody's own is no scratch volume, whatever it is called", async (t) => {
  const { path, storage } = await start(t);
  const name = scratchName(randomUUID());
  await create(storage, name, { app: "shared" });
  const id = await call(storage, name);
  await storage.endRoll(id, node1);
  await age(path, name);
  await storage.housekeep(node1);
  const record = await storage.get(name);
  t.is(record?.state, "ready");
  t.false(isScratch({ name: "blog_data", options: scratchOptions }));
});
