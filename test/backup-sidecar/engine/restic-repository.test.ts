import { appendFile, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import test from "ava";
import { until } from "../../plugin/until.ts";
import { BackedUp } from "./backed-up.ts";

test("a volume is backed up, listed, compared, read and restored as it was", async (t) => {
  const place = await BackedUp.begin(t);
  const { repositories, hold } = await place.service();
  const volume = await place.volume("blog", "blog_data", [
    ["a/one", 5000],
    ["two", 12_000_000],
  ]);
  const held = await hold();
  const repository = await repositories.open("blog", { lease: held });
  const request = { host: "blog_data", tags: ["swarmnfs", "run=1"] };
  const first = await repository.backup(place.view(volume), {
    ...request,
    time: Date.parse("2026-03-01T06:00:00Z"),
  });
  t.is(first.outcome, "complete");
  t.is(first.files, 2);
  t.is(first.bytes, 12_005_000);

  await appendFile(path.join(place.folder("blog", "blog_data"), "two"), "more");
  await rm(path.join(place.folder("blog", "blog_data"), "a/one"));
  const second = await repository.backup(place.view(volume), {
    ...request,
    time: Date.parse("2026-03-01T12:00:00Z"),
    expect: { files: 2, bytes: 12_005_000 },
  });
  t.is(second.filesChanged, 1);
  // What is appended costs the last chunk anew; a chunk is 8 MiB at most, wherever a repository cuts its own.
  t.true(second.bytesAdded < 9_000_000);

  const snapshots = await repository.snapshots();
  t.deepEqual(
    snapshots.map(({ id, time, volume: host }) => [id, new Date(time).toISOString(), host]),
    [
      [first.snapshot, "2026-03-01T06:00:00.000Z", "blog_data"],
      [second.snapshot, "2026-03-01T12:00:00.000Z", "blog_data"],
    ],
  );
  const nodes = await all(repository.ls(first.snapshot, null));
  t.deepEqual(
    nodes.map(({ path: name, type }) => [name, type]),
    [
      ["/a", "dir"],
      ["/a/one", "file"],
      ["/two", "file"],
    ],
  );
  const changes = await all(repository.diff(first.snapshot, second.snapshot));
  t.deepEqual(
    changes.filter(({ kind }) => kind !== "U"),
    [
      { path: "/a/one", kind: "-" },
      { path: "/two", kind: "M" },
    ],
  );
  t.true((await text(await repository.dump(second.snapshot, "/two"))).endsWith("more"));
  const check = await repository.check({ read: "all" });
  t.like(check, { ok: true, errors: [], brokenPacks: [], indexDamaged: false });

  const target = path.join(place.top, "restored");
  const restored = await repository.restore({ snapshot: second.snapshot, target, verify: true });
  t.deepEqual([restored.restored > 0, restored.errors], [true, []]);
  t.deepEqual(
    await readFile(path.join(target, "two")),
    await readFile(path.join(place.folder("blog", "blog_data"), "two")),
  );
  t.is((await repository.stats()).snapshots, 2);
});

test("who stops listening to a long list leaves no lock and no restic behind", async (t) => {
  const place = await BackedUp.begin(t);
  const { repositories, hold } = await place.service();
  const volume = await place.volume("blog", "blog_data", [["one", 10]]);
  const repository = await repositories.open("blog", { lease: await hold() });
  const { snapshot } = await repository.backup(place.view(volume), { host: "v", tags: [] });
  for await (const node of repository.ls(snapshot, null)) {
    t.is(node.path, "/one");
    break;
  }
  t.deepEqual(await place.server.list("repositories/blog/locks"), []);
});

test("a run that is ended leaves no lock", async (t) => {
  const place = await BackedUp.begin(t);
  const { repositories, hold } = await place.service();
  const volume = await place.volume("blog", "blog_data", [["one", 50_000_000]]);
  const repository = await repositories.open("blog", { lease: await hold() });
  const stop = new AbortController();
  const running = repository.backup(place.view(volume), {
    host: "v",
    tags: [],
    signal: stop.signal,
  });
  await until("restic has begun", async () => {
    const { length } = await place.server.list("repositories/blog/locks").catch(() => []);
    return length > 0;
  });
  stop.abort();
  await t.throwsAsync(running, { name: "ResticFailure", message: /interrupted/ });
  t.deepEqual(await place.server.list("repositories/blog/locks"), []);
});

async function all<Entry>(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
