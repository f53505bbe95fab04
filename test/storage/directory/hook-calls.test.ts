import { randomUUID } from "node:crypto";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { Peek } from "../../../storage/keeper/peek.ts";
import type { HookAnswer, HookCall } from "../../../storage/records/hook-call.ts";
import { create, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

async function start(t: ExecutionContext): Promise<{ path: string; storage: DirectoryStorage }> {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  t.teardown(() => storage.close());
  return { path, storage };
}

async function call(storage: DirectoryStorage, more: Partial<HookCall> = {}): Promise<HookCall> {
  const calledAt = new Date().toISOString();
  const called: HookCall = {
    schema: 1,
    id: randomUUID(),
    app: "blog",
    volumes: ["blog_data"],
    phase: "pre",
    engine: null,
    node: "node1",
    calledAt,
    ...more,
  };
  await storage.callHooks(called);
  return called;
}

function answer(
  { id, name }: typeof node1,
  state: HookAnswer["state"],
  life = node1.id,
): HookAnswer {
  return { schema: 1, node: name, nodeId: id, life, state, consistent: true, notes: [] };
}

test("a call is seen without a keeper, also beside a roll call, and nothing is left of it", async (t) => {
  const { path, storage } = await start(t);
  const folders = ["roll-calls", "hooks"].map((name) => join(path, ".swarmnfs", name));
  const peek = new Peek();
  t.false(await peek.sees(...folders));
  const called = await call(storage);
  t.true(await peek.sees(...folders));
  t.true(await peek.sees(...folders.toReversed()));
  t.deepEqual((await storage.list()).hookCalls, [called]);
  await storage.callHooks({ ...called, phase: "post" });
  t.deepEqual(
    (await storage.list()).hookCalls?.map(({ phase }) => phase),
    ["post"],
  );
  await mkdir(folders[0] ?? "");
  t.true(await peek.sees(...folders));
  await storage.endHooks(called.id);
  t.deepEqual((await storage.list()).hookCalls, []);
  t.false(await peek.sees(folders[1] ?? ""));
});

test("a call that was not written anew for three minutes is none, and is when it was", async (t) => {
  const { path, storage } = await start(t);
  const called = await call(storage);
  const old = new Date(Date.now() - 181_000);
  await utimes(join(path, ".swarmnfs/hooks", called.id, "called.json"), old, old);
  t.deepEqual((await storage.list()).hookCalls, []);
  await storage.callHooks(called);
  t.is((await storage.list()).hookCalls?.length, 1);
});

test("a record that is not what it should be is nobody's call", async (t) => {
  const { path, storage } = await start(t);
  const called = await call(storage);
  const file = join(path, ".swarmnfs/hooks", called.id, "called.json");
  for (const wrong of [
    { ...called, volumes: ["../etc"] },
    { ...called, app: "" },
    { ...called, phase: "rm -rf /" },
    { ...called, id: randomUUID() },
    { ...called, schema: 2 },
  ]) {
    await writeFile(file, JSON.stringify(wrong));
    t.deepEqual((await storage.list()).hookCalls, []);
  }
});

test("nodes answer in steps; one whose plugin was started anew is told that it has begun before", async (t) => {
  const { storage } = await start(t);
  const { id } = await call(storage);
  await storage.answerHook(id, answer(node1, "nothing"));
  await storage.answerHook(id, answer(node1, "begun"));
  await storage.answerHook(id, answer(node1, "begun"));
  const anew = answer(node1, "begun", node2.id);
  await t.throwsAsync(storage.answerHook(id, anew), { code: "conflict" });
  // Its containers may be gone by now: what was begun in them was not done all the same.
  const none = answer(node1, "nothing", node2.id);
  await t.throwsAsync(storage.answerHook(id, none), { code: "conflict" });
  await storage.answerHook(id, answer(node1, "ready"));
  await t.throwsAsync(storage.answerHook(id, anew), { code: "conflict" });
  await storage.answerHook(id, answer(node2, "begun"));
  t.deepEqual(
    (await storage.hookAnswers(id)).map(({ node, state }) => `${node} ${state}`).toSorted(),
    [`${node1.name} ready`, `${node2.name} begun`],
  );
  await storage.endHooks(id);
  await t.throwsAsync(storage.answerHook(id, answer(node1, "over")), { code: "not-found" });
  t.deepEqual(await storage.hookAnswers(id), []);
});

test("who has volumes is known by signs of use, and by what a server of ours has given", async (t) => {
  const { path, storage } = await start(t);
  await create(storage, "blog_data", { app: "blog" });
  await create(storage, "other", { app: "blog" });
  await storage.attach("blog_data", node1, []);
  await storage.attach("other", node2, []);
  const leases = join(path, ".swarmnfs/server/leases");
  await mkdir(leases, { recursive: true });
  await writeFile(join(leases, `blog_data@${node2.id}.json`), '{"node": "node2"}');
  await writeFile(join(leases, `other@${node1.id}.json`), '{"node": "node1"}');
  t.deepEqual(await storage.hookHolders(["blog_data"]), {
    live: [{ node: node1.name, nodeId: node1.id }],
    leased: [{ node: node2.name, nodeId: node2.id }],
  });
});

test("what a service that died has left goes after two hours", async (t) => {
  const { path, storage } = await start(t);
  const { id } = await call(storage);
  await storage.housekeep(node1);
  const folder = join(path, ".swarmnfs/hooks");
  const long = new Date(Date.now() - 3 * 3_600_000);
  await utimes(join(folder, id), long, long);
  t.true(await new Peek().sees(folder));
  await storage.housekeep(node1);
  t.false(await new Peek().sees(folder));
});
