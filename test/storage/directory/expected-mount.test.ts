import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { isExpected, type ExpectedMount } from "../../../storage/directory/expected-mount.ts";
import { GuardedStorage } from "../../../storage/keeper/guarded-storage.ts";
import { parseMountinfo } from "../../../storage/mounting/mountinfo.ts";
import { MountNamespace } from "../../plugin/mount-namespace.ts";
import { create } from "../conformance.ts";
import { eventually } from "../eventually.ts";
import { keeper, temporaryDirectory } from "../places.ts";

interface Scene {
  readonly disk: string;
  readonly place: string;
  readonly run: (command: string) => Promise<string>;
  readonly storage: (expected?: Partial<ExpectedMount>) => GuardedStorage;
}

/** A directory where something is to be mounted, and another one to mount there; both on one disk. */
async function scene(t: ExecutionContext): Promise<Scene> {
  const folder = await temporaryDirectory(t);
  const [disk, place] = [join(folder, "disk"), join(folder, "srv/swarm")];
  for (const each of [disk, place]) await mkdir(each, { recursive: true });
  const namespace = await MountNamespace.open();
  t.teardown(() => namespace.close());
  return {
    disk,
    place,
    run: (command) => namespace.run(command),
    storage: (expected = {}) => {
      const settings = {
        url: "dir:///srv/swarm?mount=required",
        path: place,
        trashDays: 30,
        makeRoot: false,
        mount: { type: null, from: "/", ...expected },
      };
      const there = namespace.command(keeper.command, keeper.args);
      const storage = new GuardedStorage(settings, { keeper: there, probeEveryMs: 200 });
      t.teardown(() => storage.close());
      return storage;
    },
  };
}

const refusal = {
  code: "unavailable",
  message:
    /^dir:\/\/\/srv\/swarm\?mount=required is not mounted on this node: a mount was expected/,
};

test("where the mount is missing at the start nothing is begun below it, and it works once it is there", async (t) => {
  const { disk, place, run, storage } = await scene(t);
  const early = storage();
  await t.throwsAsync(early.open(null), refusal);
  await t.throwsAsync(create(early, "v"), refusal);
  t.deepEqual(await readdir(place), []);
  await run(`mount --bind ${disk} ${place}`);
  await eventually("it is well", async () => early.trouble === null);
  await create(early, "v");
  t.deepEqual(await readdir(place), []);
  t.true((await readdir(join(disk, "apps"))).includes("v"));
});

test("a mount that vanishes while it is used is noticed at once, and taken up again when it is back", async (t) => {
  const { disk, place, run, storage } = await scene(t);
  await run(`mount --bind ${disk} ${place}`);
  const used = storage();
  await used.open(null);
  await create(used, "v");
  await run(`umount ${place}`);
  await t.throwsAsync(create(used, "w"), refusal);
  await t.throwsAsync(used.attach("v", { id: "n", name: "node1" }, []), {
    code: "unavailable",
  });
  t.deepEqual(await readdir(place), []);
  await run(`mount --bind ${disk} ${place}`);
  await eventually("it is well", async () => used.trouble === null);
  t.is((await used.get("v"))?.name, "v");
  t.deepEqual(await readdir(place), []);
});

test("a directory that is mounted on itself, or has another type than was expected, is not what was meant", async (t) => {
  const { disk, place, run, storage } = await scene(t);
  await run(`mount --bind ${place} ${place}`);
  const early = storage();
  await t.throwsAsync(early.open(null), refusal);
  await early.close();
  await run(`mount --bind ${disk} ${place}`);
  await t.throwsAsync(storage({ type: "fuse.glusterfs" }).open(null), {
    code: "unavailable",
    message: /a mount of type fuse\.glusterfs was expected, and what is there is on the /,
  });
  t.deepEqual(await readdir(disk), []);
  await t.notThrowsAsync(storage().open(null));
});

/** A machine, as itself and as its plugin see it, by ids: 1 root, 2 /srv on itself, 3 a mount, 5 the plugin's view, 6 below it; 9 a disk, 10 the same as a plugin is shown it by itself, 11 a share. */
const table = parseMountinfo(`1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:1 /srv /srv rw shared:1 - ext4 /dev/sda1 rw
3 2 0:50 / /srv/swarm rw - fuse.glusterfs gluster1:/swarm rw
4 1 8:1 /srv /elsewhere rw - ext4 /dev/sda1 rw
5 1 8:1 /srv /host/storage rw - ext4 /dev/sda1 rw
6 5 0:50 / /host/storage/swarm rw - fuse.glusterfs gluster1:/swarm rw
7 5 8:1 /srv/other /host/storage/other rw - ext4 /dev/sda1 rw
8 1 0:27 /@/srv /@srv rw - btrfs /dev/sdb rw
9 1 8:17 / /mnt/disk rw - xfs /dev/sdc rw
10 1 8:17 / /host/disk rw - xfs /dev/sdc rw
11 1 0:60 / /host/nas rw - nfs4 nas:/volume1/swarm rw`);

for (const [id, type, from, expected] of [
  [1, null, "/", false],
  [2, null, "/", false],
  [3, null, "/", true],
  [3, "fuse.glusterfs", "/", true],
  [2, "fuse.glusterfs", "/", false],
  [4, null, "/", true],
  [5, null, "/host/storage", false],
  [6, null, "/host/storage", true],
  [6, "fuse.glusterfs", "/host/storage", true],
  [7, null, "/host/storage", false],
  [3, null, "/host/storage", false],
  [8, null, "/", true],
  [6, null, "/nowhere", false],
  [1, "ext4", "/", false],
  [2, "ext4", "/", false],
  [4, "ext4", "/", true],
  [5, "ext4", "/host/storage", false],
  [9, "xfs", "/", true],
  [10, "xfs", "/host/disk", true],
  [10, "ext4", "/host/disk", false],
  [10, null, "/host/disk", false],
  [11, "nfs4", "/host/nas", true],
] as const) {
  test(`mount ${id}, seen from ${from}, ${expected ? "is" : "is not"} ${type ?? "a mount"}`, (t) => {
    const found = table.find((entry) => entry.id === id);
    t.is(isExpected(table, found ?? t.fail(), { type, from }), expected);
  });
}
