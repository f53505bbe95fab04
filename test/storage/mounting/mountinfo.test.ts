import test from "ava";
import { pluginIdIn, seenInPlugin } from "../../../plugin/host-path.ts";
import {
  bindIdentity,
  directoryOf,
  mountOf,
  parseMountinfo,
  topmostAt,
} from "../../../storage/mounting/mountinfo.ts";

const id = "c0ffee".repeat(10) + "abcd";
const table = parseMountinfo(`22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 254:16 / /srv rw,relatime - ext4 /dev/vdb rw
31 22 254:0 /var/lib /host/state rw,relatime - ext4 /dev/vda rw
32 22 254:0 /srv/swarm /host/storage rw,relatime - ext4 /dev/vda rw
40 22 254:0 /var/lib/docker/plugins/${id}/propagated-mount /mnt/volumes rw - ext4 /dev/vda rw
41 40 0:50 / /mnt/volumes/v ro,relatime - tmpfs swarmnfs-cover ro,size=4k
42 41 254:16 /swarm/apps/blog/v /mnt/volumes/v rw,nosuid,nodev shared:2 master:1 - ext4 /dev/vdb rw
50 22 0:51 / /with\\040space\\011and\\134 rw - nfs4 nas:/volume1/a\\040b rw,addr=10.0.0.5
not a line`);

test("every line of the table is understood, whatever optional fields it has", (t) => {
  t.is(table.length, 8);
  t.deepEqual(table[6], {
    id: 42,
    device: "254:16",
    root: "/swarm/apps/blog/v",
    mountPoint: "/mnt/volumes/v",
    type: "ext4",
    source: "/dev/vdb",
    options: ["rw", "nosuid", "nodev"],
    fileSystemOptions: ["rw"],
  });
});

test("spaces, tabs and backslashes come back as they were", (t) => {
  t.like(table[7], { mountPoint: "/with space\tand\\", source: "nas:/volume1/a b" });
});

test("of two mounts at one place the later one is what a path reaches", (t) => {
  t.is(topmostAt(table, "/mnt/volumes/v")?.id, 42);
  t.is(topmostAt(table, "/mnt/volumes/w"), null);
});

test("a path lies in the longest mount point above it, by whole names", (t) => {
  t.is(mountOf(table, "/srv/swarm")?.id, 30);
  t.is(mountOf(table, "/srvx")?.id, 22);
  t.is(mountOf(table, "/srv")?.id, 30);
});

for (const [path, device, root] of [
  ["/srv/swarm/apps", "254:16", "/swarm/apps"],
  ["/srv", "254:16", "/"],
  ["/var/lib/x", "254:0", "/var/lib/x"],
  ["/host/state/swarmnfs", "254:0", "/var/lib/swarmnfs"],
  ["/", "254:0", "/"],
] as const) {
  test(`a bind mount of ${path} shows ${root} of device ${device}`, (t) => {
    t.deepEqual(bindIdentity(table, path), { device, root });
  });
}

test("inside the plugin, /var/lib is seen through the state mount and the rest through storage", (t) => {
  t.is(seenInPlugin("/var/lib/swarmnfs/data", table), "/host/state/swarmnfs/data");
  t.is(seenInPlugin("/var/lib", table), "/host/state");
  t.is(seenInPlugin("/srv/swarm", table), "/host/storage");
  t.is(seenInPlugin("/srv/swarm/deep/er", table), "/host/storage/deep/er");
});

test("a directory that was not shown to the plugin is refused with what to do", (t) => {
  const unset = table.map((entry) =>
    entry.mountPoint === "/host/storage" ? { ...entry, root: "/var/lib" } : entry,
  );
  t.throws(() => seenInPlugin("/srv/swarm", unset), {
    code: "invalid",
    message: /docker plugin set swarmnfs storage\.source=\/srv;/,
  });
});

test("the plugin's own id is part of the path behind its mounts", (t) => {
  t.is(pluginIdIn(table, "/mnt/volumes"), id);
  t.is(pluginIdIn(table, "/srv"), null);
});

test("a directory of an NFS server is told from another by its source: the table shows / for each", (t) => {
  const nfs = parseMountinfo(`60 22 0:60 / /srv/swarm rw - nfs4 [fd00::5]:/volume1/swarm rw
61 60 0:60 / /mnt/volumes/v rw,nosuid,nodev - nfs4 [fd00::5]:/volume1/swarm/apps/blog/v rw
62 60 0:60 / /mnt/volumes/w rw,nosuid,nodev - nfs4 [fd00::5]:/volume1/swarm/apps/shop/w rw`);
  const wanted = bindIdentity(nfs, "/srv/swarm/apps/blog/v");
  t.deepEqual(wanted, { device: "0:60", root: "/volume1/swarm/apps/blog/v" });
  t.is(directoryOf(nfs[1] ?? t.fail()), "/volume1/swarm/apps/blog/v");
  t.is(directoryOf(nfs[2] ?? t.fail()), "/volume1/swarm/apps/shop/w");
});
