// A state that cannot be read or written: nothing refuses to start because of it.
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { FakeDaemon, newId } from "./fake-daemon.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

test("a start that finds everything as it was needs to write nothing: a full disk does not prevent it", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.run({ name: "web", volumes: ["v"] });
  await plugin.stop();
  const files = ["node.json", "grants.json", "catalog/whole"];
  const inodes = async (): Promise<number[]> => {
    const stats = await Promise.all(files.map((file) => stat(join(plugin.state, file))));
    return stats.map(({ ino }) => ino);
  };
  // Every write puts a new file into the place of the old one.
  const before = await inodes();
  plugin.weather = "refusing";
  await plugin.begin();
  t.deepEqual(await inodes(), before);
  plugin.weather = "fine";
});

test("a hold that could not be written down is not a hold", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.prepare({ name: "web", volumes: ["v"] });
  await plugin.stop();
  // A directory in its place: rename(2) fails as on a full or broken disk.
  const path = join(plugin.state, "mounts.json");
  await plugin.begin();
  const { rm } = await import("node:fs/promises");
  await rm(path);
  await mkdir(join(path, "in the way"), { recursive: true });
  t.regex((await docker.call("Mount", { Name: "v", ID: newId() })).Err ?? "", /^swarmnfs: /);
  await until("it is unmounted, which cannot be written down either", () =>
    plugin.lines.some(({ msg }) => msg === "cannot unmount"),
  );
  t.is(plugin.mounter.table.size, 0);
  await rm(path, { recursive: true });
  plugin.lines.length = 0;
});

for (const file of ["mounts.json", "grants.json", "node.json"]) {
  test(`a damaged ${file} is set aside, and the plugin goes on`, async (t) => {
    const plugin = await startPlugin(t);
    const docker = new FakeDaemon(plugin);
    await docker.run({ name: "web", volumes: ["v"] });
    await plugin.crash();
    await writeFile(join(plugin.state, file), '{"schema":1,"ro');
    await plugin.begin();
    t.true((await readdir(plugin.state)).some((name) => name.startsWith(`${file}.damaged-`)));
    await plugin.reconcile();
    t.deepEqual(plugin.mounter.calls, ["mount v"]);
    await docker.run({ name: "two", volumes: ["v"] });
    await docker.stop("two");
    await docker.stop("web");
    await plugin.reconcile();
    await until("it is unmounted", () => plugin.mounter.table.size === 0);
    plugin.lines.length = 0;
  });
}

test("a damaged copy of a record is read from the storage again", async (t) => {
  const plugin = await startPlugin(t);
  const docker = new FakeDaemon(plugin);
  await docker.create("v");
  await plugin.stop();
  await writeFile(join(plugin.state, "catalog/volumes/v.json"), "{");
  await writeFile(join(plugin.state, "catalog/volumes/w.json"), '{"schema":2}');
  await plugin.begin();
  t.deepEqual(await docker.volumes(), ["v"]);
});
