// Alerts by what the programs themselves tell when something is wrong, and by nothing when all is well.
import test from "ava";
import { metricsText } from "../../../backup-sidecar/metrics.ts";
import { Metrics } from "../../../nfs-server/health/metrics.ts";
import { PluginMetrics, type PluginView } from "../../../plugin/metrics/metrics.ts";
import type { AppState, BackupView } from "../../../storage/backup/verbs.ts";
import { livelyStatus, livelyTraffic } from "../../backup-sidecar/lively-status.ts";
import { livelySource } from "../../nfs-server/health/lively-source.ts";
import { livelyView } from "../../plugin/metrics/lively-view.ts";
import { until } from "../../plugin/until.ts";
import { read } from "../../docs/document.ts";
import { RealPrometheus, type Target } from "./real-prometheus.ts";

/** These need hours, or that nobody is there at all: they are proved on made-up numbers alone. */
const otherwise = new Set(["SwarmnfsDiskFullWithinDays", "SwarmnfsNothingWatched"]);
/** Two scrapes at least, and the rules between; the machine may be busy. */
const raisedBoundMs = 90_000;
const since = "2026-03-01T00:00:00Z";
const [later, soon] = [90, 5].map((days) => Date.now() + days * 86_400_000);

const wellNode: PluginView = {
  ...livelyView,
  mounted: [{ name: "blog_data", app: "blog", holders: 1, used: 100, size: 1000 }],
  failing: new Map(),
  trouble: null,
  health: { state: "ok", total: 1000, free: 500, notes: [] },
  guard: { condition: "standing", restored: 0 },
  membership: {
    certifiedUntil: later ?? 0,
    aheadMs: 20,
    leases: { held: 1, lost: 0, owed: 0, fenced: false },
  },
};
const sickNode: PluginView = {
  ...wellNode,
  mounted: [{ name: "blog_data", app: "blog", holders: 1, used: 950, size: 1000 }],
  failing: new Map([["wiki", { times: 4, since: 0, last: 0, reason: "no" }]]),
  trouble: { reason: "it does not answer", since },
  health: { state: "read-only", total: 1000, free: 500, notes: [] },
  guard: { condition: "failed", restored: 0 },
  membership: { certifiedUntil: soon ?? 0, aheadMs: -40_000, leases: null },
};

test("what the programs tell raises every alert, and what they tell when all is well raises none", async (t) => {
  const prometheus = await RealPrometheus.start(t, [
    node("well", wellNode, 0.001),
    node("sick", sickNode, 2),
    { job: "swarmnfs-plugin", instance: "off", storage: "sick", page: null },
    server("well", 0.5, true),
    server("filling", 0.83, true),
    server("nearly", 0.9, true),
    server("sick", 0.97, false),
    { job: "swarmnfs-server", instance: "off", storage: "sick", page: null },
    backup("well", ["ok"], true),
    backup("sick", ["overdue", "failed", "suspect"], false),
    { job: "swarmnfs-backup", instance: "off", storage: "sick", page: null },
  ]);
  const alerts = Array.from(
    (await read("deploy/prometheus/rules.yml")).matchAll(/^ +- alert: (\S+)$/gm),
    ([, name = ""]) => name,
  );
  for (const alert of alerts.filter((name) => !otherwise.has(name)))
    await until(
      `${alert} is raised`,
      async () => (await prometheus.ask(`ALERTS{alertname="${alert}"}`)).length > 0,
      raisedBoundMs,
    );
  t.deepEqual(await prometheus.ask('ALERTS{storage="well"}'), []);
  const info = await prometheus.ask('ALERTS{storage=~"filling|nearly"}');
  t.deepEqual(
    info.map(({ metric }) => `${metric["storage"] ?? ""}: ${metric["alertname"] ?? ""}`).toSorted(),
    ["filling: SwarmnfsDiskGettingFull", "nearly: SwarmnfsDiskNearlyFull"],
  );
});

/** A node on which operations take so many seconds. */
function node(storage: string, view: PluginView, seconds: number): Target {
  const metrics = new PluginMetrics();
  let asked = 0;
  return {
    job: "swarmnfs-plugin",
    instance: `node of ${storage}`,
    storage,
    page: async () => {
      asked += 1;
      const traffic = view.traffic.map(({ kinds, ...each }) => {
        const { write } = kinds;
        const moved = { ...write, count: asked * 10, rttMs: asked * 10_000 * seconds };
        return Object.assign(each, {
          kinds: { ...kinds, read: { ...moved, count: 0, rttMs: 0 }, write: moved },
        });
      });
      return metrics.text({ ...view, traffic });
    },
  };
}

function server(storage: string, used: number, isWell: boolean): Target {
  const metrics = new Metrics();
  const level = isWell ? "ok" : "degraded";
  const checks = ["exports", "clock"].map(
    (name) => ({ name, state: level, reason: "", since }) as const,
  );
  const source = {
    ...livelySource,
    volumes: () => [],
    nodes: () => [{ state: isWell ? "live" : "silent" } as const],
    health: () => ({
      state: isWell ? ("ok" as const) : ("failed" as const),
      since,
      reasons: [],
      checks,
    }),
    disk: () => ({ total: 1000, free: Math.round(1000 * (1 - used)) }),
    certificates: () => ({ authority: later ?? 0, server: (isWell ? later : soon) ?? 0 }),
    selfTest: () =>
      isWell
        ? ({ state: "passed", at: since, by: "subtree_check" } as const)
        : ({ state: "failed", at: since, what: "another app" } as const),
  };
  return {
    job: "swarmnfs-server",
    instance: `server of ${storage}`,
    storage,
    page: async () => {
      if (!isWell) metrics.fenced();
      return metrics.text(source);
    },
  };
}

function backup(storage: string, states: readonly AppState[], isWell: boolean): Target {
  const at = isWell ? new Date().toISOString() : since;
  const page = async (): Promise<string> => {
    const known = await livelyStatus();
    const [app] = known.apps;
    if (app === undefined) throw new Error("no app");
    const apps = states.map((state) =>
      Object.assign({}, app, {
        app: state,
        state,
        lastGood: at,
        verification: { at, ok: isWell },
        drill: { at, ok: isWell },
      }),
    );
    const view: BackupView = { ...known, trouble: isWell ? null : "no way to the server", apps };
    return metricsText(view, livelyTraffic().counts);
  };
  return { job: "swarmnfs-backup", instance: `backup of ${storage}`, storage, page };
}
