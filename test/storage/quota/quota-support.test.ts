import test from "ava";
import { parseMountinfo } from "../../../storage/mounting/mountinfo.ts";
import { quotaSupport } from "../../../storage/quota/quota-support.ts";

/** As Linux 6.12 shows them. */
const table = parseMountinfo(`23 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 23 254:32 / /nfs_volumes rw,relatime - xfs /dev/vdc rw,attr2,inode64,logbufs=8,logbsize=32k,prjquota
41 23 254:48 / /srv/ext4 rw,relatime - ext4 /dev/mapper/data-ext4 rw,prjquota
42 23 254:64 / /srv/plain rw,relatime - xfs /dev/vde rw,attr2,inode64,noquota
43 23 254:64 / /srv/counted rw,relatime - xfs /dev/vde rw,attr2,pqnoenforce
44 23 0:45 / /srv/btrfs rw,relatime - btrfs /dev/vdf rw,space_cache=v2
45 23 0:60 / /srv/nas rw,relatime - nfs4 10.0.0.5:/v rw,vers=4.2
46 40 254:32 /a /nfs_volumes/bound rw,relatime - xfs /dev/vdc rw,prjquota
47 23 254:80 / /srv/odd rw,relatime - xfs none rw,prjquota
`);

test("XFS and ext4 with project quotas are known by their devices, also below and through a bind mount", (t) => {
  const xfs = { kind: "xfs", device: "/dev/vdc", number: "254:32" } as const;
  t.deepEqual(quotaSupport(table, "/nfs_volumes"), xfs);
  t.deepEqual(quotaSupport(table, "/nfs_volumes/swarm"), xfs);
  t.deepEqual(quotaSupport(table, "/nfs_volumes/bound/x"), xfs);
  t.deepEqual(quotaSupport(table, "/srv/ext4"), {
    kind: "ext4",
    device: "/dev/mapper/data-ext4",
    number: "254:48",
  });
});

for (const [path, why] of [
  ["/srv/plain", /XFS is mounted without project quotas.*prjquota/],
  ["/srv/counted", /XFS is mounted without project quotas/],
  ["/var/lib", /ext4 is mounted without project quotas.*tune2fs .*\/dev\/vda/],
  ["/srv/btrfs", /its file system is btrfs: sizes need XFS/],
  ["/srv/nas", /its file system is nfs4/],
  ["/srv/odd", /its disk has no name/],
] as const) {
  test(`of ${path} it is said what is missing`, (t) => {
    const found = quotaSupport(table, path);
    t.regex("why" in found ? found.why : "", why);
  });
}

test("without a mount table nothing is promised", (t) => {
  t.true("why" in quotaSupport([], "/nfs_volumes"));
});
