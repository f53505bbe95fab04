import {
  chmod,
  mkdir,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type {
  DirectoryEffects,
  DirectoryStorage,
} from "../../../storage/directory/directory-storage.ts";
import type { RestorePlan, StagedRestore } from "../../../storage/storage.ts";
import { create, node1, node2 } from "../conformance.ts";
import { directoryStorage, guardedStorage, temporaryDirectory } from "../places.ts";

interface Place {
  readonly path: string;
  readonly storage: DirectoryStorage;
  readonly connect: (effects?: Partial<DirectoryEffects>) => Promise<DirectoryStorage>;
}

const at = "2026-03-01T06:00:13Z";
const volumes = {
  blog_data: { app: "blog", snapshots: ["2026-02-01T06:00:00Z", at], lastGood: at },
  lost: { app: "lost", snapshots: [at], lastGood: at },
};

/** A storage with a volume "blog_data" that holds "now", and a backup service that says so. */
async function place(t: ExecutionContext): Promise<Place> {
  const path = await temporaryDirectory(t);
  const connect: Place["connect"] = async (effects = {}) => {
    const storage = directoryStorage(path, effects);
    await storage.open(null);
    return storage;
  };
  const storage = await connect();
  await create(storage, "blog_data", { app: "blog", uid: "7", gid: "8", mode: "2750" });
  await writeFile(join(path, "apps/blog/blog_data/now"), "now");
  await say(path, volumes);
  return { path, storage, connect };
}

async function say(path: string, known: unknown, ageMs = 0): Promise<void> {
  const folder = join(path, ".swarmnfs/backup");
  await mkdir(folder, { recursive: true });
  const status = { schema: 1, node: "storage1", version: "1", seenAt: at, volumes: known };
  await writeFile(join(folder, "status.json"), JSON.stringify(status));
  const then = new Date(Date.now() - ageMs);
  await utimes(join(folder, "status.json"), then, then);
}

/** What restic would do. */
async function bringBack(path: string, staged: StagedRestore, name = "then"): Promise<void> {
  await writeFile(join(path, ...staged.folders, name), "then");
}

const plan: RestorePlan = { from: "blog_data", at, paths: [], force: false };
const whose = { uid: 70, gid: 80, mode: 0o1700 };

test("a volume made from a version waits for the backup service, and cannot be mounted before it is whole", async (t) => {
  const { path, storage } = await place(t);
  const made = await create(storage, "rescue", { from: "blog_data@2026-03-01T06:00" });
  t.like(made, { state: "filling", app: "blog", fill: { from: "blog_data", at } });
  t.is((await storage.fill("rescue", node1)).state, "filling", "nodes cannot do that");
  const staged = await storage.beginRestore("rescue", null, node1);
  await bringBack(path, staged);
  await storage.noteRestore("rescue", staged.run, { done: 3, total: 4, trouble: null });
  await t.throwsAsync(storage.attach("rescue", node1, []), {
    code: "unavailable",
    message: /still being filled: 75 %/,
  });
  t.is((await storage.finishRestore("rescue", staged.run, whose)).state, "ready");
  t.deepEqual(await readdir(join(path, "apps/blog/rescue")), ["then"]);
  const { uid, gid, mode } = await stat(join(path, "apps/blog/rescue"));
  t.deepEqual([uid, gid, mode & 0o7777], [70, 80, 0o1700]);
  t.is((await storage.attach("rescue", node1, [])).type, "bind");
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});

test("what was asked for goes before what was saved", async (t) => {
  const { path, storage } = await place(t);
  await create(storage, "rescue", { from: "blog_data@latest", uid: "5" });
  const { run } = await storage.beginRestore("rescue", null, node1);
  await storage.finishRestore("rescue", run, whose);
  const { uid, gid } = await stat(join(path, "apps/blog/rescue"));
  t.deepEqual([uid, gid], [5, 80]);
});

test("a volume that is gone for good comes back from its version, and belongs to its app", async (t) => {
  const { storage } = await place(t);
  t.like(await create(storage, "found", { from: "lost@latest" }), {
    app: "lost",
    state: "filling",
  });
  t.deepEqual((await storage.getApp("lost"))?.services, ["lost"], "nobody gets it by being first");
  await t.throwsAsync(create(storage, "thief", { from: "lost@latest", app: "thief" }), {
    code: "invalid",
    message: /belongs to app "lost"/,
  });
});

for (const [title, known, ageMs, from, code, message] of [
  ["no such volume", volumes, 0, "none@latest", "not-found", /no backup of "none"/],
  ["no version so old", volumes, 0, "lost@2025-01-01", "not-found", /the oldest is of 2026-03-01/],
  ["nonsense", volumes, 0, "lost@soon", "invalid", /"soon" is not a moment/],
  [
    "a silent service",
    volumes,
    200_000,
    "lost@latest",
    "unavailable",
    /no sign of life for 3 m 20 s/,
  ],
  ["a damaged status", "{", 0, "lost@latest", "unavailable", /cannot be read/],
] as const)
  test(`-o from=… is refused at once: ${title}`, async (t) => {
    const { path, storage } = await place(t);
    await say(path, known, ageMs);
    await t.throwsAsync(create(storage, "rescue", { from }), { code, message });
    t.is(await storage.get("rescue"), null);
  });

test("the catalog says when each volume was last backed up whole", async (t) => {
  const { path, storage } = await place(t);
  t.deepEqual((await storage.list()).lastSnapshot, { blog_data: at, lost: at });
  await writeFile(join(path, ".swarmnfs/backup/status.json"), "{");
  t.deepEqual((await storage.list()).lastSnapshot, {});
});

test("without a backup service a version is refused at once, saying so", async (t) => {
  const storage = directoryStorage(await temporaryDirectory(t));
  await storage.open(null);
  await t.throwsAsync(create(storage, "rescue", { from: "blog_data@latest" }), {
    code: "unsupported",
    message: /there is no backup service/,
  });
});

test("fault 45: a volume that somebody has mounted is not exchanged, and stays as it is", async (t) => {
  const { storage } = await place(t);
  await storage.attach("blog_data", node2, ["container web"]);
  await t.throwsAsync(storage.beginRestore("blog_data", plan, node1), {
    code: "in-use",
    message: /"blog_data" is mounted on .*container web/,
  });
  t.is((await storage.get("blog_data"))?.state, "ready");
});

test("fault 45: nor one that a node has from a server of ours, even by force", async (t) => {
  const { path, storage } = await place(t);
  const leases = join(path, ".swarmnfs/server/leases");
  await mkdir(leases, { recursive: true });
  await writeFile(join(leases, `blog_data@${node2.id}.json`), JSON.stringify({ node: "node2" }));
  await writeFile(join(leases, `blog_data2@${node2.id}.json`), JSON.stringify({ node: "node3" }));
  for (const force of [false, true])
    await t.throwsAsync(storage.beginRestore("blog_data", { ...plan, force }, node1), {
      code: "in-use",
      message: /mounted on node2\. Remove/,
    });
  t.is((await storage.get("blog_data"))?.state, "ready");
});

test("fault 45: by force it is, and the record says who has to be restarted", async (t) => {
  const { storage } = await place(t);
  await storage.attach("blog_data", node2, ["container web"]);
  const { record } = await storage.beginRestore("blog_data", { ...plan, force: true }, node1);
  t.deepEqual(record.fill?.inPlace?.heldBy, [`${node2.name}: container web`]);
});

test("fault 45: while it is restored in its place nobody can mount it; what it held is in the trash then", async (t) => {
  const { path, storage } = await place(t);
  const before = await storage.get("blog_data");
  const staged = await storage.beginRestore("blog_data", plan, node1);
  await t.throwsAsync(storage.attach("blog_data", node2, []), { code: "unavailable" });
  await bringBack(path, staged);
  const ready = await storage.finishRestore("blog_data", staged.run, whose);
  t.like(before, { id: ready.id });
  t.false(ready.fsid === before?.fsid, "what is displaced keeps the number by which it is counted");
  t.deepEqual(await readdir(join(path, "apps/blog/blog_data")), ["then"]);
  const [entry] = await storage.trash();
  t.is(entry?.id, staged.record.fill?.inPlace?.entry);
  await storage.undelete(entry?.id ?? "", "old", node1);
  t.is(await readFile(join(path, "apps/blog/old/now"), "utf8"), "now");
  t.not((await storage.get("old"))?.id, before?.id);
});

test("a restore in place that is given up leaves the volume as it was", async (t) => {
  const { path, storage } = await place(t);
  const staged = await storage.beginRestore("blog_data", plan, node1);
  await bringBack(path, staged);
  t.is((await storage.abandonRestore("blog_data", staged.run)).state, "ready");
  t.deepEqual(await readdir(join(path, "apps/blog/blog_data")), ["now"]);
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
  t.is((await storage.attach("blog_data", node1, [])).type, "bind");
});

test("fault 44: single files in place: what was there stays beside them, and no symlink leads out", async (t) => {
  const { path, storage } = await place(t);
  const live = join(path, "apps/blog/blog_data");
  const outside = await temporaryDirectory(t);
  await mkdir(join(live, "conf"));
  await writeFile(join(live, "conf/site"), "now");
  await symlink(outside, join(live, "out"));
  const staged = await storage.beginRestore(
    "blog_data",
    { ...plan, paths: ["conf", "out"] },
    node1,
  );
  const staging = join(path, ...staged.folders);
  await mkdir(join(staging, "conf"));
  await mkdir(join(staging, "out"));
  await writeFile(join(staging, "conf/site"), "then");
  await writeFile(join(staging, "out/file"), "then");
  await chmod(join(staging, "conf/site"), 0o640);
  await storage.finishRestore("blog_data", staged.run, null);
  t.is(await readFile(join(live, "conf/site"), "utf8"), "then");
  t.is((await stat(join(live, "conf/site"))).mode & 0o777, 0o640);
  const kept = (await readdir(join(live, "conf"))).find((name) => name.startsWith("site.before-"));
  t.is(await readFile(join(live, "conf", kept ?? ""), "utf8"), "now");
  t.deepEqual(await readdir(outside), []);
  t.is(await readFile(join(live, "out/file"), "utf8"), "then");
  t.is(await readFile(join(live, "now"), "utf8"), "now");
});

for (const inPlace of [false, true])
  test(`a restore ${inPlace ? "in place" : "to a new volume"} of which nothing is there any more is not called done`, async (t) => {
    const { path, storage } = await place(t);
    const name = inPlace ? "blog_data" : "rescue";
    if (!inPlace) await create(storage, name, { from: "blog_data@latest" });
    const staged = await storage.beginRestore(name, inPlace ? plan : null, node1);
    await bringBack(path, staged);
    await rm(join(path, ...staged.folders), { recursive: true });
    await t.throwsAsync(storage.finishRestore(name, staged.run, null), {
      code: "conflict",
      message: /was swept away/,
    });
    t.is((await storage.get(name))?.state, "filling");
    const again = await storage.beginRestore(name, inPlace ? plan : null, node1);
    await bringBack(path, again);
    t.is((await storage.finishRestore(name, again.run, null)).state, "ready");
    t.deepEqual(await readdir(join(path, "apps/blog", name)), ["then"]);
  });

test("what is left of a restore that was given up is not mixed into another one", async (t) => {
  const { path, storage, connect } = await place(t);
  const live = join(path, "apps/blog/blog_data");
  const first = await storage.beginRestore("blog_data", { ...plan, paths: ["then"] }, node1);
  await bringBack(path, first);
  // Whoever gave it up ended before all of it was destroyed.
  await storage.abandonRestore("blog_data", first.run);
  await mkdir(join(path, ...first.folders));
  await bringBack(path, first);
  const again = await connect();
  const second = await again.beginRestore("blog_data", { ...plan, paths: ["other"] }, node1);
  t.false(second.resumed);
  await bringBack(path, second, "other");
  await again.finishRestore("blog_data", second.run, null);
  t.deepEqual((await readdir(live)).toSorted(), ["now", "other"]);
  await again.housekeep(node1);
  t.deepEqual(await readdir(join(path, ".swarmnfs/tmp")), []);
});

test("fault 43: of two services one restores; another goes on with what there is when that one was silent", async (t) => {
  const { path, storage, connect } = await place(t);
  await create(storage, "rescue", { from: "blog_data@latest" });
  const first = await storage.beginRestore("rescue", null, node1);
  await bringBack(path, first);
  await t.throwsAsync(storage.beginRestore("rescue", null, node2), { code: "in-use" });
  const later = await connect({ clock: { now: () => Date.now() + 100_000 } });
  const second = await later.beginRestore("rescue", null, node2);
  t.deepEqual(await readdir(join(path, ...second.folders)), ["then"]);
  await t.throwsAsync(
    storage.noteRestore("rescue", first.run, { done: 1, total: 1, trouble: null }),
    { code: "conflict" },
  );
  await t.throwsAsync(storage.finishRestore("rescue", first.run, null), { code: "conflict" });
  t.is((await later.finishRestore("rescue", second.run, null)).state, "ready");
});

for (const inPlace of [false, true])
  test(`fault 43: a restore ${inPlace ? "in place" : "to a new volume"} that a crash ends at any step is whole in the end`, async (t) => {
    const { path, storage, connect } = await place(t);
    const name = inPlace ? "blog_data" : "rescue";
    if (!inPlace) await create(storage, name, { from: "blog_data@latest" });
    const work = async (each: DirectoryStorage): Promise<void> => {
      const staged = await each.beginRestore(name, inPlace ? plan : null, node1);
      await bringBack(path, staged);
      await each.finishRestore(name, staged.run, null);
    };
    let steps = 0;
    for (let crashAt = 1; (await storage.get(name))?.fill?.filledAt === undefined; crashAt += 1) {
      let step = 0;
      const crashing = await connect({
        checkpoint: async () => {
          step += 1;
          if (step === crashAt) throw new Error("crash");
        },
      });
      // Whoever comes after a crash at the last step finds it done.
      await work(crashing).catch((error: Error) =>
        t.regex(error.message, /^crash|not to be filled/),
      );
      steps = crashAt;
    }
    t.true(steps > 4, String(steps));
    t.deepEqual(await readdir(join(path, "apps/blog", name)), ["then"]);
    t.is((await storage.attach(name, node1, [])).type, "bind");
    const entries = await storage.trash();
    t.is(entries.length, inPlace ? 1 : 0);
  });

test("the same through a keeper", async (t) => {
  const { path } = await place(t);
  const storage = guardedStorage(t, path);
  await storage.open(null);
  await create(storage, "rescue", { from: "blog_data@latest" });
  const staged = await storage.beginRestore("rescue", null, node1);
  await bringBack(path, staged);
  t.is((await storage.finishRestore("rescue", staged.run, null)).state, "ready");
});
