import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { ReportTurn } from "../../../storage/records/report-turn.ts";
import { node1, node2 } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

function turn(revision: number, by = node1): ReportTurn {
  const through = "2026-03-02T07:00:00Z";
  const who = { node: by.name, nodeId: by.id };
  return { schema: 1, revision, through, ...who, seenAt: through, pending: ["mail"] };
}

test("of many nodes that take a report on at once one does", async (t) => {
  const path = await temporaryDirectory(t);
  const storages = Array.from({ length: 6 }, () => directoryStorage(path));
  for (const storage of storages) {
    await storage.open(null);
    t.teardown(() => storage.close());
  }
  t.is(await storages[0]?.reportTurn(), null);
  for (const revision of [1, 2, 3]) {
    const taken = await Promise.all(storages.map((each) => each.putReportTurn(turn(revision))));
    t.is(taken.filter(Boolean).length, 1, `revision ${revision}`);
  }
  t.is((await storages[1]?.reportTurn())?.revision, 3);
});

test("a turn that does not follow what is there is not written", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  t.false(await storage.putReportTurn(turn(2)));
  t.true(await storage.putReportTurn(turn(1)));
  t.false(await storage.putReportTurn(turn(1, node2)));
  t.false(await storage.putReportTurn(turn(3)));
  t.like(await storage.reportTurn(), { revision: 1, nodeId: node1.id });
});

test("what cannot be read is told, and stays as it is", async (t) => {
  const path = await temporaryDirectory(t);
  const storage = directoryStorage(path);
  await storage.open(null);
  const file = join(path, ".swarmnfs", "report.json");
  await writeFile(file, '{"schema": 2}');
  const expected = {
    code: "conflict",
    message: /report\.json.*newer version of swarmnfs/,
  } as const;
  await t.throwsAsync(storage.reportTurn(), expected);
  await t.throwsAsync(storage.putReportTurn(turn(1)), expected);
  t.is(await readFile(file, "utf8"), '{"schema": 2}');
});
