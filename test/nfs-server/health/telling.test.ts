import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { type ExecutionContext } from "ava";
import { beginTelling } from "../../../nfs-server/health/telling.ts";
import { parseSettings } from "../../../nfs-server/settings.ts";
import { createLog } from "../../../service/log.ts";
import type { Problem } from "../../../service/notifier/incident.ts";
import { until } from "../../plugin/until.ts";
import { hook } from "../../service/notifier/hook.ts";

const log = createLog("test", { level: "silent", format: "json" });

class Agent {
  problems: readonly Problem[] | null = null;
  nowMs = 0;
  rounds = 0;
  readonly #life = new AbortController();

  async start(t: ExecutionContext, url: string): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-telling-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await this.again(path.join(folder, "state", "incidents.json"), url);
    t.teardown(() => this.#life.abort());
    return path.join(folder, "state", "incidents.json");
  }

  again(file: string, url: string): Promise<void> {
    const settings = parseSettings({
      NOTIFY_WEBHOOK_URL: url,
      SWARMNFS_SERVER_NAME: "storage1",
    });
    const world = {
      settings,
      file,
      problems: () => {
        this.rounds += 1;
        return this.problems;
      },
      address: { look: () => null, whatIsMissing: () => "interface wt0 is not there" },
      clock: { now: () => this.nowMs },
      monotonic: () => this.nowMs,
      log,
    };
    return beginTelling(world, this.#life.signal, 5);
  }
}

test("people are told of what the storage node finds, and when it is over for two minutes", async (t) => {
  const { url, told } = await hook(t);
  const agent = new Agent();
  agent.problems = [{ key: "check disk", title: "The data disk is nearly full", text: "18 %" }];
  await agent.start(t, url);
  await until("it is told", () => told.length === 1);
  t.like(told[0], {
    kind: "opened",
    title: "The data disk is nearly full",
    from: "storage node storage1",
  });
  agent.problems = [];
  const before = agent.rounds;
  await until("it was looked", () => agent.rounds > before + 3);
  t.is(told.length, 1);
  agent.nowMs += 121_000;
  await until("it is told to be over", () => told.length === 2);
  t.is(told[1]?.kind, "resolved");
});

test("a storage node that cannot begin to serve is told after five minutes, and nothing is over before it does", async (t) => {
  const { url, told } = await hook(t);
  const agent = new Agent();
  agent.problems = [{ key: "check nfsd", title: "NFS", text: "" }];
  const file = await agent.start(t, url);
  await until("it is told", () => told.length === 1);
  const restarted = new Agent();
  await restarted.again(file, url);
  await until("it was looked", () => restarted.rounds > 3);
  agent.problems = null;
  restarted.nowMs += 240_000;
  const before = restarted.rounds;
  await until("it was looked again", () => restarted.rounds > before + 3);
  t.is(told.length, 1);
  restarted.nowMs += 100_000;
  await until("it is told", () => told.some(({ key }) => key === "start"));
  t.is(told.find(({ key }) => key === "start")?.text, "interface wt0 is not there");
});
