import test from "ava";
import { parseNfsUrl } from "../../../storage/nfs/nfs-url.ts";

const understood: readonly (readonly [string, string, number, string, readonly string[]])[] = [
  ["nfs://nas.lan/volume1/swarm?vers=4.1", "nas.lan", 2049, "/volume1/swarm", ["vers=4.1"]],
  ["nfs://NAS.lan:12049//volume1/./swarm/", "nas.lan", 12_049, "/volume1/swarm", []],
  ["NFS://10.0.0.5/", "10.0.0.5", 2049, "/", []],
  ["nfs://[fd00::1]:2049/x", "fd00::1", 2049, "/x", []],
  ["nfs://[FD00::1]/x", "fd00::1", 2049, "/x", []],
  ["nfs://nas/my%20share/a%25b", "nas", 2049, "/my share/a%b", []],
  ["nfs://nas/x?nconnect=4&soft&noatime&", "nas", 2049, "/x", ["nconnect=4", "soft", "noatime"]],
  [
    "nfs://nas/x?vers=4&rsize=65536&timeo=600",
    "nas",
    2049,
    "/x",
    ["vers=4", "rsize=65536", "timeo=600"],
  ],
  ["nfs://nas/x?", "nas", 2049, "/x", []],
];
for (const [url, host, port, path, options] of understood) {
  test(`${url} is understood`, (t) => {
    t.deepEqual(parseNfsUrl(url), { url, host, port, path, options });
  });
}

const refused: readonly (readonly [string, RegExp])[] = [
  ["nfs://", /server's name is missing/],
  ["nfs:///volume1", /two slashes, then the name/],
  ["nfs://nas.lan", /the exported directory is missing, as in nfs:\/\/nas\.lan\/volume1\/swarm/],
  ["nfs://nas.lan?vers=4.1", /directory is missing/],
  ["nfs://fd00::1/x", /stands in brackets, as in nfs:\/\/\[fd00::1\]/],
  ["nfs://[nas]/x", /"nas" is not an IPv6 address/],
  ["nfs://na s/x", /"na s" is not the name or address/],
  ["nfs://-o,ro/x", /not the name or address/],
  ["nfs://me:secret@nas/x", /no user and password/],
  ["nfs://nas:0/x", /"0" is not a port/],
  ["nfs://nas:65536/x", /not a port/],
  ["nfs://nas:/x", /"" is not a port/],
  ["nfs://nas/a/../b", /"\.\." has no place/],
  ["nfs://nas/a/%2e%2e/b", /"\.\." has no place/],
  ["nfs://nas/a%00b", /control characters/],
  ["nfs://nas/a%0ab", /control characters/],
  ["nfs://nas/100%", /%25/],
  ["nfs://nas/x#y", /"#"/],
  ["nfs://nas/x?vers=3", /"vers" takes 4, 4\.0, 4\.1 or 4\.2/],
  ["nfs://nas/x?ver=4.1", /"ver" is not allowed: did you mean "vers"\?/],
  ["nfs://nas/x?nfsvers=4.1", /write vers=/],
  [
    "nfs://nas/x?sec=krb5",
    /"sec" is not allowed: Kerberos and TLS need programs and keys on every node/,
  ],
  ["nfs://nas/x?port=2050", /the port stands behind the host's name/],
  ["nfs://nas/x?retry=5", /tried once/],
  ["nfs://nas/x?suid", /set-user-id/],
  ["nfs://nas/x?timeo", /"timeo" takes a number/],
  ["nfs://nas/x?hard=1", /takes no value/],
  ["nfs://nas/x?timeo=1,suid", /takes a number/],
  ["nfs://nas/x?timeo=6&timeo=7", /"timeo" is given twice/],
  ["nfs://nas/x?hard&soft", /contradict each other/],
];
for (const [url, message] of refused) {
  test(`${url} is refused`, (t) => {
    const error = t.throws(() => parseNfsUrl(url), { code: "invalid", message });
    t.true(error.message.startsWith(`storage "${url}": `));
  });
}
