import test from "ava";
import { messageOf } from "../../../service/message-of.ts";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import { mountTrouble, portTrouble } from "../../../storage/nfs/mount-trouble.ts";
import { parseNfsUrl } from "../../../storage/nfs/nfs-url.ts";
import { StorageUnavailable } from "../../../storage/unavailable.ts";
import { failed } from "./mount-table.ts";

const plain = parseNfsUrl("nfs://nas.lan/volume1/swarm");
const pinned = parseNfsUrl("nfs://nas.lan/volume1/swarm?vers=4.2&rsize=1");

/** What mount.nfs4 2.8.3, 2.6.2 and mount(8) 2.41 wrote on kernel 6.12, and what it has to tell a person. */
const texts: readonly (readonly [string, RegExp, typeof plain?])[] = [
  [
    "mount.nfs4: access denied by server while mounting 10.77.0.10:/volume1/swarm",
    /does not let this node mount \/volume1\/swarm.+Allow the node's address in the export/,
  ],
  [
    "mount.nfs4: mounting 10.77.0.10:/volume1/swarm failed, reason given by server: No such file or directory",
    /has no \/volume1\/swarm for this node.+Make it there, export it to this node's address, or mend the path/,
  ],
  [
    "mount.nfs4: Connection refused for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /refuses connections on port 2049.+Start it there/,
  ],
  ["mount.nfs4: Connection refused", /refuses connections on port 2049/],
  [
    "mount.nfs4: No route to host for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /no way from this node to nas\.lan \(10\.77\.0\.10\)/,
  ],
  ["mount.nfs4: Network is unreachable for 10.77.0.10:/x on /m", /no way from this node/],
  [
    "mount.nfs4: Connection timed out for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /answers, but its NFS service does not go on/,
  ],
  [
    "mount.nfs4: Resource temporarily unavailable for nas.lan:/volume1 on /mnt/storage",
    /NFS service does not go on/,
  ],
  [
    "mount.nfs4: Failed to resolve server nas.lan: Temporary failure in name resolution",
    /the name nas\.lan cannot be resolved\. Mend the DNS/,
  ],
  [
    "mount.nfs4: Protocol not supported for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /does not speak the NFS version asked for \(vers=4\.2\)/,
    pinned,
  ],
  [
    "mount.nfs4: requested NFS version or transport protocol is not supported",
    /speaks no NFS version 4\. Switch NFSv4 on there/,
  ],
  [
    "mount.nfs4: an incorrect mount option was specified for /mnt/storage",
    /does not take the mount options \(vers=4\.2, rsize=1\)\. Mend them/,
    pinned,
  ],
  [
    "mount.nfs4: Operation not permitted for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /perhaps it exports nothing to this node \(any more\), or it wants Kerberos or TLS/,
  ],
  ["mount.nfs4: Permission denied for 10.77.0.10:/volume1/swarm on /mnt/storage", /no_root_squash/],
  [
    "mount.nfs4: Stale file handle for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /the directory behind the export was exchanged/,
  ],
  [
    "mount.nfs4: mount spec 10.77.0.10:/volume1/swarm or point /mnt/storage is not a directory",
    /is not a directory/,
  ],
  [
    "mount: /mnt/storage: unknown filesystem type 'nfs4'.\n       dmesg(1) may have more information after failed mount system call.",
    /kernel has no NFS client.+modprobe nfs/,
  ],
  ["mount.nfs4: No such device for 10.77.0.10:/x on /m", /kernel has no NFS client/],
  [
    "mount: /mnt/storage: bad option; for several filesystems (e.g. nfs, cifs) you might need a /sbin/mount.<type> helper program.",
    /mount\.nfs4 is missing on this node\. Install it: the package nfs-common/,
  ],
  [
    "mount.nfs4: Remote I/O error for 10.77.0.10:/volume1/swarm on /mnt/storage",
    /cannot be mounted: Remote I\/O error\. Look at the export there/,
  ],
];
for (const [text, message, place = plain] of texts) {
  test(`"${text.slice(0, 70)}" is said in words for people`, (t) => {
    const told = mountTrouble(failed(text), place, "10.77.0.10");
    t.true(told instanceof StorageUnavailable);
    const said = messageOf(told);
    t.regex(said, message);
    t.notRegex(said, /mount\.nfs4: |\/mnt\/storage|dmesg\(1\)/);
  });
}

test("a mount that hung, and a program that is missing", (t) => {
  const place = plain;
  t.like(mountTrouble(failed("no answer within 5 s", true), place, "10.77.0.10"), {
    message:
      "nas.lan (10.77.0.10) answers, but its NFS service does not go on: a mount got no answer in time. It may be starting; look there if it stays. Nothing is lost; this works again when it does",
  });
  const missing = new CommandFailed("mount", { reason: "", timedOut: false, missing: true });
  t.regex(messageOf(mountTrouble(missing, place, "10.77.0.10")), /the program mount is missing/);
});

test("our own mistakes pass as they are", (t) => {
  const mistake = new TypeError("x is not a function");
  t.is(mountTrouble(mistake, plain, "10.77.0.10"), mistake);
});

test("a server named by its address is not named twice, and its port is said", (t) => {
  const place = parseNfsUrl("nfs://10.0.0.5:2050/x");
  t.regex(
    portTrouble(place, "10.0.0.5", "refused").message,
    /^10\.0\.0\.5 refuses connections on port 2050: /,
  );
});
