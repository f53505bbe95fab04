import test from "ava";
import { beginReporting } from "../../../nfs-server/health/reporting.ts";
import { parseSettings } from "../../../nfs-server/settings.ts";
import { createLog } from "../../../service/log.ts";
import { DirectoryStorage } from "../../../storage/directory/directory-storage.ts";
import { systemClock } from "../../../service/clock.ts";
import { parseOptions } from "../../../storage/rules/options.ts";
import { until } from "../../plugin/until.ts";
import { hook } from "../../service/notifier/hook.ts";
import { AgentUnderTest } from "../agent-under-test.ts";

const log = createLog("test", { level: "silent", format: "json" });
const weekMs = 7 * 86_400_000;

test("the storage node sends its report when it is due, with what is mounted by its leases", async (t) => {
  const { url, told } = await hook(t);
  const agent = await AgentUnderTest.start(t);
  const settings = parseSettings({
    SWARMNFS_REPORT: "weekly",
    NOTIFY_WEBHOOK_URL: url,
    SWARMNFS_SERVER_NAME: "storage1",
  });
  const place = { url: "dir:///data", path: agent.data, makeRoot: false, served: true as const };
  const storage = new DirectoryStorage({ ...place, trashDays: 30 }, { clock: systemClock });
  await storage.open(null);
  t.teardown(() => storage.close());
  const by = { id: agent.server.id, name: "storage1" };
  const options = parseOptions({ app: "blog" });
  await storage.create({ name: "blog_data", options }, by);
  const life = new AbortController();
  t.teardown(() => life.abort());
  let nowMs = Date.now();
  const world = {
    settings,
    policy: { static: [] },
    storage,
    server: agent.server,
    clock: { now: () => nowMs },
    log,
  };
  beginReporting(world, life.signal, 5);
  await until("it counts from now on", async () => (await storage.reportTurn()) !== null);
  t.deepEqual(told, []);
  nowMs += weekMs;
  await until("it is sent", () => told.length === 1);
  t.like(told[0], { kind: "report", from: "storage node storage1" });
  t.regex(told[0]?.text ?? "", /^swarmnfs:\/\/storage1, as the storage node sees it\n/);
  t.regex(told[0]?.text ?? "", /Volumes: 1,/);
  await until("that is known", async () => (await storage.reportTurn())?.pending.length === 0);
  // Two weeks without anybody: one report.
  life.abort();
  nowMs += 2 * weekMs;
  const again = new AbortController();
  t.teardown(() => again.abort());
  beginReporting(world, again.signal, 5);
  await until("it is sent again", () => told.length === 2);
  await until("that is known", async () => (await storage.reportTurn())?.pending.length === 0);
  const { revision } = (await storage.reportTurn()) ?? {};
  nowMs += 3_600_000;
  const third = new AbortController();
  t.teardown(() => third.abort());
  beginReporting(world, third.signal, 5);
  t.is((await storage.reportTurn())?.revision, revision);
  t.is(told.length, 2);
});
