import { metricsText } from "../../backup-sidecar/metrics.ts";
import type { NfsdCounters } from "../../nfs-server/kernel/counters.ts";
import { PluginMetrics } from "../../plugin/metrics/metrics.ts";
import type { VolumeTraffic } from "../../plugin/metrics/volume-traffic.ts";
import { livelyStatus, livelyTraffic } from "../backup-sidecar/lively-status.ts";
import { livelyMetrics, livelySource } from "../nfs-server/health/lively-source.ts";
import { livelyView } from "../plugin/metrics/lively-view.ts";

/** By program: asks for its `/metrics`. There is something to be told of everything, and everything goes on. */
export function livelyPages(): ReadonlyMap<string, () => Promise<string>> {
  const plugin = new PluginMetrics();
  const server = livelyMetrics();
  const traffic = livelyTraffic();
  let [pluginAsked, serverAsked] = [0, 0];
  return new Map([
    [
      "plugin",
      async () => {
        pluginAsked += 1;
        plugin.mounted(120, "mounted");
        return plugin.text({ ...livelyView, traffic: times(pluginAsked, livelyView.traffic) });
      },
    ],
    [
      "storage node",
      async () => {
        serverAsked += 1;
        server.granted();
        server.attached(7, "granted");
        server.attached(70, "refused");
        const kernel = await livelySource.kernel();
        const { total, free } = livelySource.disk() ?? { total: 0, free: 0 };
        return server.text({
          ...livelySource,
          disk: () => ({ total, free: free - serverAsked * 100_000_000 }),
          kernel: async () => times(serverAsked, kernel),
        });
      },
    ],
    [
      "backup",
      async () => {
        traffic.answered("PUT", 201);
        traffic.moved("sent", 3000);
        traffic.moved("received", 1000);
        return metricsText(await livelyStatus(), traffic.counts);
      },
    ],
  ]);
}

/** Every number in it so many times. */
function times<T extends readonly VolumeTraffic[] | NfsdCounters>(by: number, all: T): T {
  const grown = (_: string, value: unknown): unknown =>
    typeof value === "number" ? value * by : value;
  return JSON.parse(JSON.stringify(all), grown) as T;
}
