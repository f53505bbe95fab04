import { mkdir, readFile, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type {
  DirectoryEffects,
  DirectoryStorage,
} from "../../../storage/directory/directory-storage.ts";
import { create, node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";
import { FakeQuotas } from "../quota/fake-quotas.ts";

interface Place {
  readonly path: string;
  readonly storage: DirectoryStorage;
  /** The same storage, as another process sees it. */
  readonly connect: (effects?: Partial<DirectoryEffects>) => Promise<DirectoryStorage>;
}

/** A storage with a volume "blog_data" of app "blog" in it, which holds something. */
async function place(t: ExecutionContext, effects: Partial<DirectoryEffects> = {}): Promise<Place> {
  const path = await temporaryDirectory(t);
  const connect: Place["connect"] = async (others = {}) => {
    const storage = directoryStorage(path, { ...effects, ...others });
    await storage.open(null);
    return storage;
  };
  const storage = await connect();
  await create(storage, "blog_data", { app: "blog", uid: "1000", gid: "33", mode: "2750" });
  const source = join(path, "apps/blog/blog_data");
  await mkdir(join(source, "posts"));
  for (const name of ["one", "two", "three"])
    await writeFile(join(source, "posts", name), name.repeat(1000));
  return { path, storage, connect };
}

async function contents(path: string, volume: string): Promise<string[]> {
  const folder = join(path, "apps/blog", volume, "posts");
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => `${name} ${(await readFile(join(folder, name))).length}`),
  );
}

const whole = ["one 3000", "three 5000", "two 3000"];

test("a copy cannot be mounted before it is complete, and is a volume like any other then", async (t) => {
  const { storage, path } = await place(t);
  const made = await create(storage, "rescue", { from: "blog_data" });
  t.like(made, { state: "filling", app: "blog", owner: { uid: 1000, gid: 33, mode: 0o2750 } });
  await t.throwsAsync(storage.attach("rescue", node1, []), {
    code: "unavailable",
    message: /"rescue" is still being filled: begun from "blog_data"\. Try again when it is ready/,
  });
  const filled = await storage.fill("rescue", node1);
  t.is(filled.state, "ready");
  t.is(filled.fill?.done, filled.fill?.total ?? 0);
  t.deepEqual(await contents(path, "rescue"), whole);
  const { uid, gid, mode } = await stat(join(path, "apps/blog/rescue"));
  t.deepEqual([uid, gid, mode & 0o7777], [1000, 33, 0o2750]);
  t.is((await storage.attach("rescue", node1, [])).type, "bind");
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
  t.is((await storage.fill("rescue", node1)).state, "ready");
});

test("creating a copy again is fine in every state, and asking for another one is not", async (t) => {
  const { storage } = await place(t);
  const made = await create(storage, "rescue", { from: "blog_data" });
  t.is((await create(storage, "rescue", { from: "blog_data" })).id, made.id);
  await storage.fill("rescue", node1);
  t.is((await create(storage, "rescue", { from: "blog_data" })).id, made.id);
  await create(storage, "other", { app: "blog" });
  await t.throwsAsync(create(storage, "rescue", { from: "other" }), { code: "conflict" });
});

test("a copy has its source's rules, and may have narrower ones", async (t) => {
  const { storage } = await place(t);
  await create(storage, "db", { app: "blog", services: "blog_db", hosts: "node1", squash: "none" });
  t.like(await create(storage, "a", { from: "db" }), { services: ["blog_db"], hosts: ["node1"] });
  await t.throwsAsync(create(storage, "b", { from: "db", services: "blog" }), {
    code: "conflict",
  });
  await t.throwsAsync(create(storage, "b", { from: "db", hosts: "*" }), { code: "conflict" });
  t.like(await create(storage, "c", { from: "blog_data", services: "blog_web", mode: "0700" }), {
    services: ["blog_web"],
    owner: { mode: 0o700 },
  });
});

for (const [options, code, message] of [
  [{ from: "nothing" }, "not-found", /there is no volume "nothing"/],
  [{ from: "blog_data", app: "thief" }, "invalid", /belongs to app "blog", and so does every copy/],
  [{ from: "whole" }, "invalid", /is the whole storage/],
  [{ from: "blog_data@2026-03-01T06:00" }, "unsupported", /there is no backup service/],
  [{ from: "half" }, "unavailable", /is itself not complete yet/],
] as const) {
  test(`-o ${JSON.stringify(options)} is refused, and nothing is left of it`, async (t) => {
    const { storage } = await place(t);
    await create(storage, "whole", { root: "true" });
    await create(storage, "half", { from: "blog_data" });
    await t.throwsAsync(create(storage, "copy", options), { code, message });
    t.is(await storage.get("copy"), null);
  });
}

test("a copy that is interrupted at any step is complete in the end, by whichever node", async (t) => {
  const { path, storage, connect } = await place(t);
  await create(storage, "rescue", { from: "blog_data" });
  let steps = 0;
  for (let crashAt = 1; ; crashAt += 1) {
    let step = 0;
    const crashing = await connect({
      checkpoint: async () => {
        step += 1;
        if (step === crashAt) throw new Error("crash");
      },
    });
    const failure = await crashing.fill("rescue", node1).then(
      () => null,
      (error: unknown) => String(error),
    );
    steps = crashAt;
    if (failure === null) break;
    t.regex(failure, /crash/);
  }
  t.true(steps > 6, String(steps));
  t.is((await storage.get("rescue"))?.state, "ready");
  t.deepEqual(await contents(path, "rescue"), whole);
  await storage.fill("rescue", node1);
  t.is((await storage.attach("rescue", node1, [])).type, "bind");
});

test("of two nodes one fills; another goes on when that one was not seen for a while", async (t) => {
  const { path, storage, connect } = await place(t);
  await create(storage, "rescue", { from: "blog_data" });
  const stuck = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const first = await connect({
    checkpoint: async (name) => {
      if (name !== "fill:step") return;
      begun.resolve();
      await stuck.promise;
    },
  });
  const filling = first.fill("rescue", node1);
  await begun.promise;
  const second = await connect();
  t.like(await second.fill("rescue", node2), { state: "filling", fill: { by: "node1" } });

  const record = join(path, ".swarmnfs/volumes/rescue.json");
  const text = await readFile(record, "utf8");
  const long = text.replace(/"seenAt": *"[^"]*"/, '"seenAt": "2026-01-01T00:00:00Z"');
  t.not(long, text);
  await writeFile(record, long);
  const past = new Date("2026-01-01T00:00:00Z");
  await utimes(record, past, past);
  const third = await connect();
  t.like(await third.fill("rescue", node2), { state: "ready", fill: { by: "node2" } });

  // The first wakes up when the volume is in use.
  await writeFile(join(path, "apps/blog/rescue/posts/one"), "written by the app");
  stuck.resolve();
  t.is((await filling).state, "ready");
  t.is(await readFile(join(path, "apps/blog/rescue/posts/one"), "utf8"), "written by the app");
});

test("a source that is gone is told where one looks, and nothing is made up", async (t) => {
  const { storage } = await place(t);
  await create(storage, "rescue", { from: "blog_data" });
  await storage.remove("blog_data", node1);
  await t.throwsAsync(storage.fill("rescue", node1), {
    code: "not-found",
    message: /"blog_data", of which "rescue" was to become a copy, was removed/,
  });
  await create(storage, "blog_data", { app: "blog" });
  await t.throwsAsync(storage.fill("rescue", node1), { code: "not-found" });
  t.like(await storage.get("rescue"), { state: "filling" });
  await t.throwsAsync(storage.attach("rescue", node1, []), { message: /stopped: volume/ });
  t.is((await storage.remove("rescue", node1)).kind, "trashed");
});

test("half a copy comes back from the trash as half a copy", async (t) => {
  const { path, storage } = await place(t);
  await create(storage, "rescue", { from: "blog_data" });
  const outcome = await storage.remove("rescue", node1);
  if (outcome.kind !== "trashed") throw new Error(outcome.kind);
  t.is((await storage.undelete(outcome.entry, null, node1)).state, "filling");
  t.is((await storage.fill("rescue", node1)).state, "ready");
  t.deepEqual(await contents(path, "rescue"), whole);
});

test("a removed volume is not filled any further", async (t) => {
  const { storage, connect, path } = await place(t);
  await create(storage, "rescue", { from: "blog_data" });
  const other = await connect({
    checkpoint: async (name) => {
      if (name === "fill:copied") await storage.remove("rescue", node1);
    },
  });
  await t.throwsAsync(other.fill("rescue", node1), { code: "not-found" });
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});

test("a copy is counted and limited from its first byte on", async (t) => {
  const quotas = new FakeQuotas();
  const { path, storage } = await place(t, { quotas: async () => quotas });
  const { fsid } = await create(storage, "rescue", { from: "blog_data", size: "1G" });
  await storage.fill("rescue", node1);
  t.is(await quotas.projectOf(join(path, "apps/blog/rescue")), fsid);
  t.is(quotas.limits.get(fsid), 1024 ** 3);
  await storage.update("rescue", { size: 2 * 1024 ** 3 }, node1);
});
