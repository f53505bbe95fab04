import test from "ava";
import { notTried, optionsToTry } from "../../../plugin/benchmark/options-to-try.ts";

const nas = "nfs://nas.lan/volume1";

function tried(storage: string, mountOptions: readonly string[]): Record<string, string> {
  const candidates = optionsToTry({ mountOptions: [...mountOptions], access: "shared" }, storage);
  return Object.fromEntries(candidates.map((each) => [each.option, each.mountOptions.join(",")]));
}

function leftOut(storage: string): string[] {
  return notTried(storage).map(({ what }) => what);
}

test("on a directory noatime is tried, the one option that a bind mount knows and that may help", (t) => {
  t.deepEqual(tried("dir:///srv/swarm", []), { noatime: "noatime" });
  t.deepEqual(tried("dir:///srv/swarm", ["relatime", "noexec"]), { noatime: "noexec,noatime" });
  t.deepEqual(tried("dir:///srv/swarm", ["noatime"]), {});
});

test("over NFS a long memory of attributes is tried, and to be without what slows down", (t) => {
  t.deepEqual(tried(nas, []), { "actimeo=600": "actimeo=600" });
  t.deepEqual(tried(nas, ["sync", "noexec", "actimeo=0", "lookupcache=none", "rsize=4096"]), {
    "without sync": "noexec,actimeo=0,lookupcache=none,rsize=4096",
    "without actimeo=0,lookupcache=none": "sync,noexec,rsize=4096",
    "without rsize=4096": "sync,noexec,actimeo=0,lookupcache=none",
  });
});

test("what a long memory costs depends on whether others use the volume", (t) => {
  const [shared] = optionsToTry({ mountOptions: [], access: "shared" }, nas);
  const [exclusive] = optionsToTry({ mountOptions: [], access: "exclusive" }, nas);
  t.regex(shared?.costs ?? "", /for a volume that one node uses at a time/);
  t.regex(exclusive?.costs ?? "", /so there are none/);
});

test("what cannot be tried is said, with the reason", (t) => {
  t.deepEqual(leftOut("dir:///srv/swarm"), ["the storage's own disk", "another node"]);
  t.deepEqual(leftOut("swarmnfs://storage1"), leftOut(nas));
  t.true(leftOut(nas).includes("nconnect"));
});
