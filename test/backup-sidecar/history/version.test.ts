import test from "ava";
import type { Snapshot } from "../../../backup-sidecar/engine/snapshot.ts";
import { versionsOf } from "../../../backup-sidecar/history/version.ts";

function snapshot(id: string, time: string, run: string | null, volume = "data"): Snapshot {
  const tags = run === null ? [] : [`run=${run}`];
  const rest = { tree: "", parent: null, files: 1, bytes: 1, added: 1 };
  return { id, time: Date.parse(time), volume, tags, ...rest };
}

test("what one run saved is one version, in the folder of its minute", (t) => {
  const versions = versionsOf([
    snapshot("b", "2026-03-01T06:00:59Z", "1", "logs"),
    snapshot("a", "2026-03-01T06:00:10Z", "1"),
    snapshot("c", "2026-03-01T12:00:00Z", "2"),
    snapshot("d", "2026-02-01T12:00:00Z", null),
  ]);
  t.deepEqual(
    versions.map(({ folder, snapshots }) => [folder, snapshots.map(({ id }) => id).join()]),
    [
      ["2026-02-01_12-00", "d"],
      ["2026-03-01_06-00", "a,b"],
      ["2026-03-01_12-00", "c"],
    ],
  );
});

test("two runs within a minute get folders of their own, and keep them when one is forgotten", (t) => {
  const [first, second] = [
    snapshot("a", "2026-03-01T06:00:10Z", "1"),
    snapshot("b", "2026-03-01T06:00:40Z", "2"),
  ];
  const both = versionsOf([second, first]);
  t.deepEqual(
    both.map(({ folder }) => folder),
    ["2026-03-01_06-00", "2026-03-01_06-00_2"],
  );
  const [left] = versionsOf([second], new Map([["b", "2026-03-01_06-00_2"]]));
  t.is(left?.folder, "2026-03-01_06-00_2");
});
