import test from "ava";
import { answer, ExportTable } from "../../../nfs-server/exports/answers.ts";
import { exportFlag } from "../../../nfs-server/exports/flags.ts";
import { partsOf, placesOf } from "../../../nfs-server/exports/whole-storage.ts";

const shown = { root: "/exports", mutualTls: false };
const whole = { volume: "all", app: "root", fsid: 7, readOnly: true, squash: null };
const volume = { volume: "v", app: "blog", fsid: 8, readOnly: false, squash: null };

function terms(table: ExportTable, client: string, path: string) {
  return answer(table, shown, { channel: "nfsd.export", client, path }).answer;
}

test("a volume is one export, in its own place", (t) => {
  t.deepEqual(partsOf(volume), [volume]);
  t.deepEqual(placesOf(volume), [volume]);
});

test("the whole storage is a way to the folders of volumes, and our own records are under no export", (t) => {
  const table = new ExportTable();
  table.admit("n1", "10.0.0.1");
  for (const part of partsOf(whole)) table.grant("n1", part);
  const way = terms(table, "n1", "/exports/all");
  t.like(way, { fsid: 7 });
  t.truthy(typeof way === "object" && way !== null && way.flags & exportFlag.v4Root);
  for (const path of ["apps", "shared"]) {
    const inner = terms(table, "n1", `/exports/all/${path}`);
    t.truthy(typeof inner === "object" && inner !== null && inner.flags & exportFlag.readOnly);
    t.falsy(typeof inner === "object" && inner !== null && inner.flags & exportFlag.noSubtreeCheck);
  }
  for (const path of ["/exports/all/.swarmnfs", "/exports/all/apps/blog", "/exports/.swarmnfs"])
    t.is(terms(table, "n1", path), null, path);
  t.is(terms(table, "n2", "/exports/all"), null);
});

test("its parts have numbers that no volume has, each its own", (t) => {
  const largest = 2 ** 30 - 1;
  const numbers = [1, 2, largest].flatMap((fsid) =>
    partsOf({ ...whole, fsid }).map((part) => part.fsid),
  );
  t.is(new Set(numbers).size, 9);
  t.true(numbers.every((number) => number > 0 && number < 2 ** 32));
  t.is(numbers.filter((number) => number < 2 ** 30).length, 3);
});
