import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import type { RunReport } from "../../../backup-sidecar/engine/run-report.ts";
import { AppHistory } from "../../../backup-sidecar/status/app-history.ts";
import { SignOfLife } from "../../../backup-sidecar/status/sign-of-life.ts";
import { createLog } from "../../../service/log.ts";
import { mkdir, readFile, stat } from "node:fs/promises";

const log = createLog("test", { level: "silent", format: "json" });

async function place(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-status-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

test("jobs are known over a restart, also those that were interrupted", async (t) => {
  const folder = await place(t);
  const history = await AppHistory.open(folder, "blog", log);
  await history.begin("run 0 * * * *", 1000);
  await history.begin("verify", 2000);
  await history.end("verify", 3000, false);
  await history.begin("verify", 4000);
  const again = await AppHistory.open(folder, "blog", log);
  t.deepEqual(again.known.jobs, {
    "run 0 * * * *": { startedAt: 1000, endedAt: null, failures: 0 },
    verify: { startedAt: 4000, endedAt: null, failures: 1 },
  });
  await again.end("verify", 5000, true);
  t.is(again.known.jobs["verify"]?.failures, 0);
});

test("what is confirmed is what looked destroyed, until it has run again", async (t) => {
  const history = await AppHistory.open(await place(t), "blog", log);
  await history.ran(report("ok"), ["blog_db"]);
  await history.ran(report("suspect"), ["blog_data"]);
  await history.confirmed(Date.parse("2026-03-01T07:00:00Z"));
  t.is(history.known.volumes["blog_data"]?.confirmedAt, "2026-03-01T07:00:00Z");
  t.is(history.known.volumes["blog_db"]?.confirmedAt, undefined);
  await history.ran(report("interrupted"), ["blog_data"]);
  t.is(history.known.volumes["blog_data"]?.confirmedAt, "2026-03-01T07:00:00Z");
  await history.ran(report("suspect"), ["blog_data"]);
  t.is(history.known.volumes["blog_data"]?.confirmedAt, undefined);
});

function report(outcome: RunReport["outcome"]): RunReport {
  return {
    schema: 1,
    run: "0199c0de-0000-7000-8000-000000000001",
    app: "blog",
    outcome,
    notes: [],
    repository: "a1",
    startedAt: "2026-03-01T06:00:00Z",
    endedAt: "2026-03-01T06:01:00Z",
    timeTrusted: true,
    timeDoubt: null,
    volumes: [],
    check: null,
    retention: null,
  };
}

test("a history that cannot be read is set aside, never overwritten", async (t) => {
  const folder = await place(t);
  await writeFile(path.join(folder, "blog.json"), '{"schema":1,"app":"bl');
  const history = await AppHistory.open(folder, "blog", log);
  t.deepEqual(history.known.runs, []);
  await history.begin("verify", 1);
  const names = (await readdir(folder)).toSorted();
  t.is(names.length, 2);
  t.regex(names[1] ?? "", /^blog\.json\.damaged-/);
});

test("the sign of life is written anew when something has changed, and touched otherwise", async (t) => {
  const root = await place(t);
  await mkdir(path.join(root, ".swarmnfs"));
  const sign = new SignOfLife(root);
  const file = path.join(root, ".swarmnfs/backup/status.json");
  const status = { schema: 1 as const, node: "node2", version: "1.0.0", volumes: {} };
  await sign.give({ ...status, seenAt: "2026-03-01T06:00:00Z" });
  const first = await stat(file);
  await sign.give({ ...status, seenAt: "2026-03-01T06:01:00Z" });
  const second = await stat(file);
  t.is(second.ino, first.ino);
  t.true(second.mtimeMs >= first.mtimeMs);
  await sign.give({ ...status, node: "node3", seenAt: "2026-03-01T06:02:00Z" });
  t.is(JSON.parse(await readFile(file, "utf8")).node, "node3");
});
