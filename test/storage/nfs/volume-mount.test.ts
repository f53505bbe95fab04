import test from "ava";
import type { Attachment } from "../../../storage/storage.ts";
import { parseNfsUrl } from "../../../storage/nfs/nfs-url.ts";
import { recordsMount, volumeMount } from "../../../storage/nfs/volume-mount.ts";

function shown(below: string, ...options: string[]): Attachment {
  return { type: "bind", source: `/mnt/storage${below}`, options };
}

test("a volume is mounted from its own directory, by the server's address", (t) => {
  const place = parseNfsUrl("nfs://nas.lan/volume1/swarm?vers=4.1");
  t.deepEqual(volumeMount(place, "10.0.0.5", "/mnt/storage", shown("/apps/blog/data")), {
    type: "nfs4",
    source: "10.0.0.5:/volume1/swarm/apps/blog/data",
    options: ["hard", "nosharecache", "retry=0", "vers=4.1"],
  });
});

test("the whole storage, the root of an export, IPv6 and another port", (t) => {
  const place = parseNfsUrl("nfs://[fd00::1]:2050/");
  t.deepEqual(volumeMount(place, "fd00::1", "/mnt/storage", shown("", "ro")), {
    type: "nfs4",
    source: "[fd00::1]:/",
    options: ["hard", "nosharecache", "retry=0", "port=2050", "ro"],
  });
  const { source } = volumeMount(place, "fd00::1", "/mnt/storage", shown("/shared/x"));
  t.is(source, "[fd00::1]:/shared/x");
});

test("what the volume says wins over the storage, and that over us", (t) => {
  const place = parseNfsUrl("nfs://nas/x?soft&timeo=100&noatime");
  const { options } = volumeMount(
    place,
    "10.0.0.5",
    "/mnt/storage",
    shown("/apps/a/v", "timeo=50", "relatime"),
  );
  t.deepEqual(options, ["nosharecache", "retry=0", "soft", "timeo=50", "relatime"]);
});

test("the private mount is what it must be, whatever the URL says", (t) => {
  const place = parseNfsUrl("nfs://nas/x?soft&actimeo=60&lookupcache=all&vers=4.2&rsize=65536");
  const { source, options } = recordsMount(place, "10.0.0.5");
  t.is(source, "10.0.0.5:/x");
  t.deepEqual(
    new Set(options),
    new Set([
      "vers=4.2",
      "rsize=65536",
      "soft",
      "timeo=100",
      "retrans=1",
      "nosharecache",
      "retry=0",
      "lookupcache=none",
      "actimeo=0",
      "noexec",
    ]),
  );
});
