import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test from "ava";
import type { ReportTurn } from "../../storage/records/report-turn.ts";
import { hook } from "../service/notifier/hook.ts";
import { startPlugin } from "./plugin-under-test.ts";
import { until } from "./until.ts";

const weekMs = 7 * 86_400_000;

async function turnOf(storage: string): Promise<ReportTurn | null> {
  const file = join(storage, ".swarmnfs", "report.json");
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as ReportTurn);
}

/** Nobody has sent one for two weeks. */
async function age(storage: string): Promise<void> {
  const turn = await turnOf(storage);
  const through = new Date(Date.now() - 2 * weekMs).toISOString();
  const file = join(storage, ".swarmnfs", "report.json");
  await writeFile(file, JSON.stringify({ ...turn, through }));
}

test("a report that was missed is sent once when the plugin is back, and not again after a restart", async (t) => {
  const { url, told } = await hook(t);
  const environment = { NOTIFY_WEBHOOK_URL: `${url}?s3cret`, SWARMNFS_REPORT: "weekly" };
  const plugin = await startPlugin(t, { environment });
  await plugin.docker.call("Create", { Name: "blog_data", Opts: { app: "blog" } });
  await until("it counts from now on", async () => (await turnOf(plugin.storagePath)) !== null);
  t.deepEqual(told, []);
  await plugin.crash();
  await age(plugin.storagePath);
  await plugin.begin();
  await until("the report is there", () => told.length > 0);
  t.like(told[0], { kind: "report", key: "report", from: "plugin on node1" });
  t.regex(told[0]?.title ?? "", /^Weekly report: /);
  t.regex(told[0]?.text ?? "", /as node1 sees it\n[^]*Volumes: 1,/);
  await until(
    "that is written down",
    async () => (await turnOf(plugin.storagePath))?.pending.length === 0,
  );
  const { revision } = (await turnOf(plugin.storagePath)) ?? {};
  await plugin.crashAndBegin();
  await plugin.docker.call("Create", { Name: "other", Opts: { app: "blog" } });
  t.is(told.length, 1);
  t.is((await turnOf(plugin.storagePath))?.revision, revision);
  t.false(JSON.stringify(plugin.lines).includes("s3cret"));
});

test("whom the report could not reach gets it after a restart, the others do not get it twice", async (t) => {
  const { url, told } = await hook(t);
  let answers = 0;
  const refusing = createServer((_request, response) => {
    answers += 1;
    response.writeHead(answers === 1 ? 503 : 200).end();
  }).listen(0, "127.0.0.1");
  await once(refusing, "listening");
  t.teardown(() => refusing.close());
  const slack = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/`;
  const environment = {
    NOTIFY_WEBHOOK_URL: url,
    NOTIFY_SLACK_URL: slack,
    SWARMNFS_REPORT: "monthly",
  };
  const plugin = await startPlugin(t, { environment });
  await until("it counts from now on", async () => (await turnOf(plugin.storagePath)) !== null);
  await plugin.crash();
  await age(plugin.storagePath);
  const early = { ...(await turnOf(plugin.storagePath)), through: "2026-01-01T00:00:00Z" };
  await writeFile(join(plugin.storagePath, ".swarmnfs", "report.json"), JSON.stringify(early));
  await plugin.begin();
  await until("one has it", async () => (await turnOf(plugin.storagePath))?.pending[0] === "slack");
  await until("the other one refused it", () => answers === 1);
  t.is(told.length, 1);
  await plugin.crashAndBegin();
  await until("both have it", async () => (await turnOf(plugin.storagePath))?.pending.length === 0);
  t.is(told.length, 1);
  t.is(answers, 2);
});
