import { type MetricsSource, Metrics } from "../../../nfs-server/health/metrics.ts";

const since = "2026-03-01T00:00:00Z";

/** A storage node at which there is something to be told of everything. */
export const livelySource: MetricsSource = {
  leases: () => [{ state: "held" }, { state: "held" }, { state: "silent" }],
  nodes: () => [{ state: "live" }, { state: "live" }, { state: "revoked" }],
  exports: () => 4,
  health: () => ({
    state: "degraded",
    since,
    reasons: ["nearly full"],
    checks: [
      { name: "nfsd", state: "ok", reason: "", since },
      { name: "disk", state: "degraded", reason: "nearly full", since },
      { name: "clock", state: "ok", reason: "", since },
    ],
  }),
  disk: () => ({ total: 1_000_000_000_000, free: 100_000_000_000 }),
  volumes: () => [
    { name: "blog_data", app: "blog", used: 9_500_000_000, size: 10_000_000_000 },
    { name: "shop_db", app: "shop", used: 40_000_000_000, size: null },
  ],
  certificates: () => ({
    authority: Date.parse("2036-03-01T00:00:00Z"),
    server: Date.parse("2027-03-01T00:00:00Z"),
  }),
  selfTest: () => ({ state: "passed", at: since, by: "subtree_check" }),
  kernel: async () => ({
    staleHandles: 3,
    readBytes: 4096,
    writtenBytes: 8192,
    threads: 16,
    calls: 100,
    badCalls: 2,
  }),
};

/** Its numbers, some of what can be counted having happened. */
export function livelyMetrics(): Metrics {
  const metrics = new Metrics();
  metrics.asked("nfsd.fh", false);
  metrics.granted();
  metrics.ended();
  metrics.renewed();
  metrics.fenced();
  metrics.attached(7, "granted");
  metrics.attached(70, "refused");
  return metrics;
}
