import { metricsText } from "../../backup-sidecar/metrics.ts";
import { PluginMetrics } from "../../plugin/metrics/metrics.ts";
import { livelyStatus, livelyTraffic } from "../backup-sidecar/lively-status.ts";
import { livelyMetrics, livelySource } from "../nfs-server/health/lively-source.ts";
import { livelyView } from "../plugin/metrics/lively-view.ts";

/** By program: its `/metrics` when there is something to be told of everything. */
export async function livelyPages(): Promise<ReadonlyMap<string, string>> {
  const plugin = new PluginMetrics();
  plugin.mounted(120, "mounted");
  return new Map([
    ["plugin", await plugin.text(livelyView)],
    ["storage node", await livelyMetrics().text(livelySource)],
    ["backup", await metricsText(await livelyStatus(), livelyTraffic().counts)],
  ]);
}
