import test from "ava";
import { seenInPlugin } from "../../plugin/host-path.ts";
import { parseMountinfo, type MountEntry } from "../../storage/mounting/mountinfo.ts";

/** A line of the mount table, of something shown as `ROOT TYPE`. */
function line([place, shown]: readonly [string, string]): string {
  const [root, type] = shown.split(" ");
  return `1 1 0:1 ${root} ${place} rw - ${type} source rw`;
}

/** A plugin whose `storage` mount has this source, with further mounts by their place. */
function plugin(storage: string, below: Readonly<Record<string, string>> = {}): MountEntry[] {
  const mounts = { "/host/state": "/var/lib ext4", "/host/storage": storage, ...below };
  return parseMountinfo(Object.entries(mounts).map(line).join("\n"));
}

const cases: readonly (readonly [
  title: string,
  path: string,
  seen: string,
  entries: MountEntry[],
])[] = [
  ["below /var/lib", "/var/lib/x/data", "/host/state/x/data", plugin("/class sysfs")],
  [
    "the source itself, on the host's own disk",
    "/srv/swarm",
    "/host/storage",
    plugin("/srv/swarm ext4"),
  ],
  ["the source itself, where a disk is mounted", "/srv/swarm", "/host/storage", plugin("/ ceph")],
  [
    "below the source, on the host's own disk",
    "/srv/a/b",
    "/host/storage/a/b",
    plugin("/srv ext4"),
  ],
  [
    "below the source, where a disk is mounted",
    "/srv/a",
    "/host/storage/a",
    plugin("/srv ext4", { "/host/storage/a": "/ ceph" }),
  ],
  [
    "below a disk below the source",
    "/srv/a/b",
    "/host/storage/a/b",
    plugin("/srv ext4", { "/host/storage/a": "/ ceph" }),
  ],
  [
    "a disk below a source that is a disk",
    "/srv/a",
    "/host/storage/a",
    plugin("/ xfs", { "/host/storage/a": "/ ceph" }),
  ],
  [
    "in a disk below a source that is a disk",
    "/srv/a/b",
    "/host/storage/a/b",
    plugin("/ xfs", { "/host/storage/a": "/ ceph" }),
  ],
  [
    "the source itself, on a subvolume",
    "/srv/swarm",
    "/host/storage",
    plugin("/@/srv/swarm btrfs"),
  ],
  ["below the source, on a subvolume", "/srv/swarm", "/host/storage/swarm", plugin("/@/srv btrfs")],
  [
    "below a source on another disk",
    "/run/here/swarm",
    "/host/storage/swarm",
    plugin("/here tmpfs"),
  ],
  [
    "the source itself, on another disk",
    "/run/here/swarm",
    "/host/storage",
    plugin("/here/swarm tmpfs"),
  ],
  ["a source of a like name", "/srv/swarm", "/host/storage", plugin("/data/otherswarm ext4")],
];
for (const [title, path, seen, entries] of cases) {
  test(`where the plugin sees ${path}: ${title}`, (t) => {
    t.is(seenInPlugin(path, entries), seen);
  });
}

test("a directory that the plugin was not shown is refused with what to do", (t) => {
  t.throws(() => seenInPlugin("/srv/swarm", plugin("/class sysfs")), {
    message:
      /^dir:\/\/\/srv\/swarm lies outside .* docker plugin set swarmnfs storage\.source=\/srv;/,
  });
  t.throws(() => seenInPlugin("/swarm", plugin("/class sysfs")), {
    message: /storage\.source=\/swarm;/,
  });
});
