import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { pino } from "pino";
import { awaitVolumes, recoverCatalog } from "../../../backup-sidecar/restore/recovery.ts";
import { VersionRestorer } from "../../../backup-sidecar/restore/version-restorer.ts";
import { configsSource } from "../../../backup-sidecar/source/configs.ts";
import { create, node1, node2 } from "../../storage/conformance.ts";
import { directoryStorage } from "../../storage/places.ts";
import { Restorable } from "../restorable.ts";

test.serial(
  "fault 48: a storage comes back from its server and the password, with all volumes, apps and its identity",
  async (t) => {
    const place = await Restorable.begin(t);
    await create(place.storage, "blog_logs", { app: "blog", mode: "0700" });
    await writeFile(join(place.folder("blog_data"), "post"), "hello");
    await writeFile(join(place.folder("blog_logs"), "log"), "line");
    for (const volume of ["blog_data", "blog_logs"])
      await place.save(volume, "2026-03-01T06:00:00Z");
    const { id } = await place.storage.open(null);
    const { view: source } = await configsSource({
      root: place.place.storage,
      scratch: join(place.place.top, "configs"),
      mountPoint: place.views.mountPoint,
      extra: {},
    });
    const configs = await place.repository("nfs_configs");
    await configs.backup(source, { host: "nfs_configs", tags: [] });
    await place.storage.close();

    // Everything is gone but the server.
    const root = join(place.place.top, "new");
    await mkdir(root);
    await rm(join(place.place.storage, "apps"), { recursive: true });
    const { repositories } = await place.place.service("two");
    const said: string[] = [];
    const parts = {
      repositories,
      doubted: async () => [],
      root,
      tell: (line: string) => said.push(line),
    };
    await recoverCatalog(parts);
    await t.throwsAsync(recoverCatalog(parts), { code: "conflict", message: /is not empty/ });
    const storage = directoryStorage(root);
    t.is((await storage.open(null)).id, id);
    t.deepEqual(await awaitVolumes(parts, storage, node1), []);
    await t.throwsAsync(storage.attach("blog_data", node2, []), { code: "unavailable" });

    const restorer = new VersionRestorer({
      storage,
      place: { root, mountPoint: place.views.mountPoint },
      node: node1,
      open: (app) => repositories.open(app),
      versions: () => Promise.resolve({}),
      log: pino({ enabled: false }),
    });
    await restorer.round();
    await restorer.settled();
    t.is(await readFile(join(root, "apps/blog/blog_data/post"), "utf8"), "hello");
    t.is(await readFile(join(root, "apps/blog/blog_logs/log"), "utf8"), "line");
    t.is((await storage.attach("blog_data", node2, [])).type, "bind");
    t.deepEqual(await readdir(join(root, ".swarmnfs/tmp")), []);
    t.deepEqual(await storage.trash(), []);
    t.regex(said.join("\n"), /blog_logs \(app blog\): 2026-03-01T06:00:00Z/);
  },
);

test.serial(
  "fault 48: a volume that looked destroyed before all was lost comes back as it was before that",
  async (t) => {
    const place = await Restorable.begin(t);
    await writeFile(join(place.folder("blog_data"), "post"), "hello");
    await place.save("blog_data", "2026-03-01T06:00:00Z");
    await rm(join(place.folder("blog_data"), "post"));
    await writeFile(join(place.folder("blog_data"), "ransom"), "pay");
    const destroyed = await place.save("blog_data", "2026-03-01T12:00:00Z");
    const { repositories } = await place.place.service("two");
    const said: string[] = [];
    const parts = {
      repositories,
      doubted: async () => [destroyed],
      root: place.place.storage,
      tell: (line: string) => said.push(line),
    };
    t.deepEqual(await awaitVolumes(parts, place.storage, node1), []);
    t.is((await place.record("blog_data")).fill?.at, "2026-03-01T06:00:00Z");
    t.regex(said.join("\n"), /the version of 2026-03-01T12:00:00Z is left out/);
  },
);

test.serial("fault 48: without a catalog on the server nothing is made", async (t) => {
  const place = await Restorable.begin(t);
  const root = join(place.place.top, "new");
  await mkdir(root);
  const { repositories } = await place.place.service("two");
  const parts = { repositories, doubted: async () => [], root, tell: () => undefined };
  await t.throwsAsync(recoverCatalog(parts), { message: /never backed up/ });
  t.deepEqual(await readdir(root), []);
});
