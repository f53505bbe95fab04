import test from "ava";
import { usersOfDirectories } from "../../../plugin/transfer/begin-transfers.ts";
import type { Side, TransferEngine } from "../../../plugin/transfer/transfer-engine.ts";

/** An engine that says of each directory that the container "web" has it, and notes which was asked for. */
function engine(asked: Side[]): TransferEngine {
  return {
    volume: async () => null,
    usersOf: async (side) => {
      asked.push(side);
      return ["web"];
    },
    run: async () => undefined,
  };
}

for (const url of [
  "dir:///srv/swarm",
  "dir:///srv//swarm/",
  "dir:///srv/swarm?mount=required",
  "dir:///srv/swarm?mount=fuse.glusterfs",
])
  test(`who has a directory of ${url} mounted is asked by its path`, async (t) => {
    const asked: Side[] = [];
    const { usersOf } = usersOfDirectories(url, engine(asked));
    t.deepEqual(await usersOf?.("old/blog"), ["web"]);
    t.deepEqual(asked, [{ kind: "path", path: "/srv/swarm/old/blog" }]);
  });

test("of a storage that is no directory of this node nobody can say that", (t) => {
  t.deepEqual(usersOfDirectories("nfs://nas/volume1", engine([])), {});
  t.deepEqual(usersOfDirectories("dir:///srv/swarm", undefined), {});
});
