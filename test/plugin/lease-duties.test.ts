// A storage that wants something back: what becomes of what is mounted here.
import test, { type ExecutionContext } from "ava";
import { systemClock } from "../../service/clock.ts";
import { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import type { LeaseHolder } from "../../storage/lease-holder.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { FakeDaemon } from "./fake-daemon.ts";
import { startPlugin, type PluginUnderTest } from "./plugin-under-test.ts";
import { until } from "./until.ts";

/** Gives leases, and has an exclusive volume, which is called `db`. */
class LeasingStorage extends DirectoryStorage {
  holder: LeaseHolder | null = null;
  readonly detached: string[] = [];

  attend(holder: LeaseHolder): void {
    this.holder = holder;
  }

  override async create(...args: Parameters<DirectoryStorage["create"]>): Promise<VolumeRecord> {
    return exclusive(await super.create(...args));
  }

  override async get(name: string): Promise<VolumeRecord | null> {
    const record = await super.get(name);
    return record === null ? null : exclusive(record);
  }

  override async detach(...args: Parameters<DirectoryStorage["detach"]>): Promise<void> {
    await super.detach(...args);
    this.detached.push(args[0]);
  }
}

function exclusive(record: VolumeRecord): VolumeRecord {
  return record.name === "db" ? { ...record, access: "exclusive" } : record;
}

async function begin(t: ExecutionContext): Promise<{
  plugin: PluginUnderTest;
  docker: FakeDaemon;
  storage: () => LeasingStorage;
  holder: () => LeaseHolder;
}> {
  const made: LeasingStorage[] = [];
  const plugin = await startPlugin(t, {
    lingerMs: 60_000,
    makeStorage: (path) => {
      const settings = { url: "dir:///srv/swarm", path, trashDays: 30, makeRoot: true };
      const storage = new LeasingStorage(settings, { clock: systemClock });
      made.push(storage);
      return storage;
    },
  });
  const storage = (): LeasingStorage => {
    const last = made.at(-1);
    if (last === undefined) throw new Error("there is no storage");
    return last;
  };
  await until("somebody attends", () => storage().holder !== null);
  const holder = (): LeaseHolder => storage().holder ?? t.fail("nobody attends");
  return { plugin, docker: new FakeDaemon(plugin), storage, holder };
}

test("what nobody uses is given back at once, without waiting for whoever may come again", async (t) => {
  const { plugin, docker, storage, holder } = await begin(t);
  await docker.run({ name: "one", volumes: ["v"] });
  t.deepEqual(await holder().release("v"), {
    released: false,
    consumers: ['container "one"'],
  });
  t.true(plugin.mounter.table.has("v"));
  await docker.stop("one");
  t.true(plugin.mounter.table.has("v"));
  t.deepEqual(await holder().release("v"), { released: true });
  t.false(plugin.mounter.table.has("v"));
  t.deepEqual(storage().detached, ["v"]);
  // And what is not mounted at all.
  t.deepEqual(await holder().release("other"), { released: true });
});

test("while Docker does not say who uses it, nothing is given back", async (t) => {
  const { plugin, docker, holder } = await begin(t);
  await docker.run({ name: "one", volumes: ["v"] });
  await docker.stop("one");
  plugin.engine.silent = true;
  const release = await holder().release("v");
  t.false(release.released);
  t.true(plugin.mounter.table.has("v"));
});

test("a node that was fenced has nothing mounted, and nothing runs on an exclusive volume", async (t) => {
  const { plugin, docker, holder } = await begin(t);
  await docker.run({ name: "one", volumes: ["v"] });
  await docker.run({ name: "two", volumes: ["db"] });
  await docker.run({ name: "idle", volumes: ["w"] });
  await docker.stop("idle");
  await holder().fenced("it was silent");
  t.deepEqual([...plugin.mounter.table.keys()], []);
  t.deepEqual(plugin.engine.calls, ["stop two"]);
  t.deepEqual(
    plugin.audits
      .filter(({ audit }) => ["fenced", "stop"].includes(audit))
      .map(({ audit }) => audit),
    ["fenced", "stop"],
  );
  // What goes on there gets its volume anew when it starts again.
  await docker.stop("one");
  await docker.start("one");
  t.true(plugin.mounter.table.has("v"));
});

test("a node is not taken back before what uses its exclusive volumes could be stopped", async (t) => {
  const { plugin, docker, holder } = await begin(t);
  await docker.run({ name: "two", volumes: ["db"] });
  plugin.engine.silent = true;
  let isOver = false;
  const fenced = holder()
    .fenced("it was silent")
    .finally(() => (isOver = true));
  await until("it is unmounted", () => plugin.mounter.table.size === 0, 20_000);
  await until("it was tried", () => plugin.lines.some(({ msg }) => msg.includes("tried again")));
  t.false(isOver);
  plugin.engine.silent = false;
  await fenced;
  t.deepEqual(plugin.engine.calls, ["stop two"]);
});

test("a volume that the storage does not give any more is unmounted, the others stay", async (t) => {
  const { plugin, docker, holder } = await begin(t);
  await docker.run({ name: "one", volumes: ["v", "w"] });
  await holder().lost("v", "node2 has it");
  t.deepEqual([...plugin.mounter.table.keys()], ["w"]);
  t.true(plugin.lines.some(({ audit, reason }) => audit === "lost" && reason === "node2 has it"));
});

test("what changed elsewhere is seen when the storage says so", async (t) => {
  const { plugin, storage, holder } = await begin(t);
  const by = { id: "018f0000-0000-7000-8000-000000000002", name: "node2" };
  const options = { asked: {}, app: "x", services: null, hosts: null, access: null, size: null };
  const more = { uid: null, gid: null, mode: null, onRemove: null, from: null, backup: null };
  const rest = { squash: null, mirror: null, mountOptions: null, root: false };
  await storage().create({ name: "new", options: { ...options, ...more, ...rest } }, by);
  holder().changed();
  await until("Docker is told of it", async () => {
    const { Volumes = [] } = await plugin.docker.call("List");
    return Volumes.some(({ Name }) => Name === "new");
  });
  t.pass();
});
