import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { CatalogCopy } from "../../plugin/catalog-copy.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { newApp, newVolume } from "../../storage/rules/new-volume.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import type { Catalog } from "../../storage/storage.ts";

const birth = {
  id: "01953f5e-0000-7000-8000-000000000000",
  fsid: 7,
  createdAt: "2026-02-11T08:00:00Z",
  createdBy: "node1",
};

function app(name: string, given: Partial<AppRecord> = {}): AppRecord {
  return { ...newApp(name, parseOptions({ app: name }), birth), ...given };
}

function volume(name: string, given: Partial<VolumeRecord> = {}): VolumeRecord {
  const record = newVolume(name, parseOptions({ app: "blog" }), app("blog"), birth);
  return { ...record, state: "ready", ...given };
}

function told(given: Partial<Catalog> = {}): Catalog {
  return { volumes: [], apps: [], uses: {}, usage: {}, lastUse: {}, damaged: [], ...given };
}

async function copy(t: ExecutionContext): Promise<{ catalog: CatalogCopy; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "swarmnfs-catalog-"));
  const catalog = new CatalogCopy(directory);
  await catalog.load();
  t.teardown(async () => {
    await catalog.saved();
    await rm(directory, { recursive: true });
  });
  return { catalog, directory };
}

test("a refresh takes over what came, changed and went elsewhere", async (t) => {
  const { catalog } = await copy(t);
  catalog.put(volume("went"));
  catalog.put(volume("changed"));
  const changed = volume("changed", { revision: 2, backup: "off" });
  await catalog.refresh(async () => told({ volumes: [volume("came"), changed] }));
  t.deepEqual(
    catalog.volumes().map(({ name, backup }) => [name, backup]),
    [
      ["changed", "off"],
      ["came", "default"],
    ],
  );
});

test("a volume that is in the trash by now is none", async (t) => {
  const { catalog } = await copy(t);
  catalog.put(volume("v"));
  await catalog.refresh(async () => told({ volumes: [volume("v", { state: "trashed" })] }));
  t.is(catalog.volume("v"), null);
});

test("what was put or dropped here while the storage was asked is newer than its answer", async (t) => {
  const { catalog } = await copy(t);
  catalog.put(volume("gone"));
  catalog.putApp(app("blog", { revision: 2, services: ["old"] }));
  await catalog.refresh(async () => {
    const answer = told({
      volumes: [volume("gone")],
      apps: [app("blog", { revision: 2, services: ["old"] })],
    });
    catalog.put(volume("made"));
    catalog.drop("gone");
    catalog.putApp(app("blog", { revision: 3, services: ["new"] }));
    return answer;
  });
  t.deepEqual(
    catalog.volumes().map(({ name }) => name),
    ["made"],
  );
  t.deepEqual(catalog.app("blog")?.services, ["new"]);
});

test("a volume whose record is damaged on the storage keeps its last good copy", async (t) => {
  const { catalog } = await copy(t);
  catalog.put(volume("v"));
  const damaged = [{ file: ".swarmnfs/volumes/v.json", reason: "it is not JSON" }];
  await catalog.refresh(async () => told({ damaged }));
  t.is(catalog.volume("v")?.name, "v");
});

test("a storage that cannot be asked changes nothing", async (t) => {
  const { catalog } = await copy(t);
  catalog.put(volume("v"));
  await t.throwsAsync(catalog.refresh(() => Promise.reject(new Error("no"))));
  t.is(catalog.volume("v")?.name, "v");
});

test("the next run knows what this one knew", async (t) => {
  const { catalog, directory } = await copy(t);
  catalog.put(volume("v"));
  catalog.put(volume("w"));
  catalog.putApp(app("blog"));
  catalog.drop("w");
  await catalog.saved();
  const next = new CatalogCopy(directory);
  await next.load();
  t.deepEqual(next.volumes(), [volume("v")]);
  t.deepEqual(next.apps(), [app("blog")]);
});

test("an app that was forgotten and made anew has its new rules, whatever its revision", async (t) => {
  const { catalog } = await copy(t);
  const later = { createdAt: "2026-03-01T08:00:00Z" };
  catalog.putApp(app("wiki", { services: "first" }));
  await catalog.refresh(async () => told({ apps: [app("wiki", { services: ["ops"], ...later })] }));
  t.deepEqual(catalog.app("wiki")?.services, ["ops"]);
  catalog.putApp(app("wiki", { services: ["others"], createdAt: "2026-03-02T08:00:00Z" }));
  t.deepEqual(catalog.app("wiki")?.services, ["others"]);
});

test("an app that is gone from the storage is forgotten, unless its record is damaged", async (t) => {
  const { catalog } = await copy(t);
  catalog.putApp(app("gone"));
  catalog.putApp(app("damaged"));
  const damaged = [{ file: ".swarmnfs/apps/damaged.json", reason: "it is not JSON" }];
  await catalog.refresh(async () => told({ damaged }));
  t.is(catalog.app("gone"), null);
  t.is(catalog.app("damaged")?.app, "damaged");
});

test("what comes while a pass over the disk ends is on disk as well", async (t) => {
  const { catalog, directory } = await copy(t);
  const ending = join(directory, "catalog/whole.new");
  for (let revision = 1; revision < 30; revision += 1) {
    catalog.put(volume("first", { revision }));
    for (let wait = 0; wait < 10_000 && !existsSync(ending); wait += 1)
      await new Promise((resolve) => setImmediate(resolve));
    catalog.put(volume("last", { revision }));
    await catalog.saved();
    const next = new CatalogCopy(directory);
    await next.load();
    t.is(next.volume("last")?.revision, revision);
  }
});

test("a disk that cannot be written harms nobody, and is tried again", async (t) => {
  const { catalog, directory } = await copy(t);
  const folder = join(directory, "catalog/volumes");
  await rm(folder, { recursive: true });
  catalog.put(volume("v"));
  await catalog.saved();
  t.is(catalog.volume("v")?.name, "v");
  t.false(catalog.isWhole);
  await mkdir(folder);
  catalog.put(volume("w"));
  await catalog.saved();
  const next = new CatalogCopy(directory);
  await next.load();
  t.deepEqual(
    next
      .volumes()
      .map(({ name }) => name)
      .toSorted(),
    ["v", "w"],
  );
  t.false(next.isWhole, "only what the storage tells can make it whole again");
});

test("names that objects treat unlike others have no uses and no usage by themselves", async (t) => {
  const { catalog } = await copy(t);
  for (const name of ["constructor", "__proto__", "toString"]) {
    t.deepEqual(catalog.uses(name), []);
    t.is(catalog.usage(name), null);
    t.is(catalog.volume(name), null);
  }
});
