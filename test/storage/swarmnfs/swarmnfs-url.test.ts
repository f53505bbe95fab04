import test from "ava";
import { parseSwarmnfsUrl } from "../../../storage/swarmnfs/swarmnfs-url.ts";

test("a storage node is a name and perhaps a port", (t) => {
  t.deepEqual(parseSwarmnfsUrl("swarmnfs://Storage1"), {
    url: "swarmnfs://Storage1",
    host: "storage1",
    port: 2050,
  });
  t.like(parseSwarmnfsUrl("swarmnfs://storage1.lan:4000/"), { host: "storage1.lan", port: 4000 });
  t.like(parseSwarmnfsUrl("swarmnfs://[fd00::1]:2050"), { host: "fd00::1", port: 2050 });
  t.like(parseSwarmnfsUrl("SWARMNFS://10.0.0.5"), { host: "10.0.0.5", port: 2050 });
});

const refusals: readonly (readonly [string, RegExp])[] = [
  ["swarmnfs://", /the storage node's name is missing/],
  ["swarmnfs:///srv/swarm", /it takes no path.*Write swarmnfs:\/\/storage1/],
  ["swarmnfs://storage1/data", /it takes no path.*Write swarmnfs:\/\/storage1/],
  ["swarmnfs://storage1?vers=4.2", /nothing else, as in swarmnfs:\/\/storage1/],
  ["swarmnfs://token@storage1", /SWARMNFS_JOIN_TOKEN/],
  ["swarmnfs://fd00::1", /stands in brackets/],
  ["swarmnfs://[storage1]", /not an IPv6 address/],
  ["swarmnfs://sto rage", /not the name or address/],
  ["swarmnfs://storage1:0", /"0" is not a port/],
  ["swarmnfs://storage1:70000", /is not a port/],
  ["swarmnfs://storage1:2049", /2049 is the port of NFS/],
];
for (const [url, message] of refusals) {
  test(`"${url}" is refused`, (t) => {
    t.throws(() => parseSwarmnfsUrl(url), { code: "invalid", message });
  });
}
