import test from "ava";
import { openStorage } from "../../storage/open.ts";

const refusals: readonly (readonly [string, string, RegExp])[] = [
  ["nfs://nas.lan/volume1", "unsupported", /cannot be used by this program/],
  ["nfs://nas.lan", "invalid", /the exported directory is missing/],
  ["swarmnfs://storage1", "unsupported", /cannot be used by this program/],
  ["swarmnfs://storage1/data", "invalid", /it takes no path/],
  ["nsf://nas.lan/x", "invalid", /did you mean "nfs"\?/],
  [
    "/srv/swarm",
    "invalid",
    /Write swarmnfs:\/\/server, .+nfs:\/\/server\/path, .+ or dir:\/\/\/path/,
  ],
  ["", "invalid", /Write swarmnfs:\/\/server, .+nfs:\/\/server\/path, .+ or dir:\/\/\/path/],
  ["dir://srv/swarm", "invalid", /as in dir:\/\/\/srv\/swarm/],
  ["dir://./x", "invalid", /as in dir:\/\/\/x/],
  ["dir:///", "invalid", /root of the file system/],
  ["dir:///srv/..", "invalid", /root of the file system/],
  ["dir:///srv?vers=4", "invalid", /\?mount=required if something must be mounted there/],
  ["dir:///srv?mount", "invalid", /and nothing else/],
  ["dir:///srv?mount=", "invalid", /and nothing else/],
  ["dir:///srv?mount=a&mount=b", "invalid", /and nothing else/],
  ["dir:///srv#x", "invalid", /and nothing else/],
];
for (const [url, code, message] of refusals) {
  test(`"${url}" is refused`, (t) => {
    t.throws(() => openStorage(url, { trashDays: 30 }), { code, message });
  });
}

test("a path is looked for where this process sees it, and named as it was written", async (t) => {
  const seen: string[] = [];
  const storage = openStorage("dir:///srv//swarm/", {
    trashDays: 30,
    seen: (path) => {
      seen.push(path);
      return "/host/nowhere";
    },
  });
  t.teardown(() => storage.close());
  t.deepEqual(seen, ["/srv/swarm"]);
  await t.throwsAsync(storage.open(null), {
    code: "unavailable",
    message: /^dir:\/\/\/srv\/\/swarm\/ is not there/,
  });
});
