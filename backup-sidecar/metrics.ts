import { Counter, Gauge, Registry } from "prom-client";
import { version } from "../service/version.ts";
import type { TrafficCounts } from "./repository/http/traffic.ts";
import type { AppBackupView, BackupView } from "../storage/backup/verbs.ts";

const states = [
  "ok",
  "running",
  "never",
  "overdue",
  "partial",
  "suspect",
  "confirmed",
  "degraded",
  "failed",
  "off",
] as const;

/** The service's numbers in Prometheus' text format, made anew for each scrape: an app that is gone is gone here as well. */
export async function metricsText(view: BackupView, traffic: TrafficCounts): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name: `swarmnfs_backup_${name}`, help, labelNames, registers: [registry] });
  gauge("build_info", "The version that runs", "version").set({ version }, 1);
  gauge("up", "Whether the storage and the backup server can be used").set(
    view.trouble === null ? 1 : 0,
  );
  const state = gauge("app_state", "1 for the state in which an app is", "app", "state");
  for (const { app, state: current } of view.apps)
    for (const each of states) state.set({ app, state: each }, each === current ? 1 : 0);
  const numbers: readonly [string, string, (app: AppBackupView) => number | null][] = [
    [
      "last_success_timestamp_seconds",
      "End of the last run after which all was well",
      ({ lastGood }) => seconds(lastGood),
    ],
    [
      "last_run_timestamp_seconds",
      "End of the last run, however it ended",
      ({ lastRun }) => seconds(lastRun?.endedAt ?? null),
    ],
    ["last_run_seconds", "How long the last run took", duration],
    ["last_run_bytes", "Bytes of the volumes in the last run", (app) => sum(app, "bytes")],
    [
      "last_run_added_bytes",
      "Bytes that the last run added to the server",
      (app) => sum(app, "bytesAdded"),
    ],
    ["last_run_files", "Files of the volumes in the last run", (app) => sum(app, "files")],
    ["next_run_timestamp_seconds", "When the app is backed up next", ({ next }) => seconds(next)],
    ["snapshots", "Snapshots on the server", ({ snapshots }) => snapshots],
    ["repository_bytes", "Bytes on the server", ({ stored }) => stored],
    [
      "verified_ratio",
      "Share of all data that was read back in the last month",
      ({ verified }) => verified?.share ?? 0,
    ],
    [
      "last_verification_timestamp_seconds",
      "When the repository was last looked through",
      ({ verification }) => seconds(verification?.at ?? null),
    ],
    [
      "last_verification_ok",
      "Whether it was found whole then",
      ({ verification }) => (verification === null ? null : Number(verification.ok)),
    ],
    [
      "last_drill_timestamp_seconds",
      "The last restore for practice",
      ({ drill }) => seconds(drill?.at ?? null),
    ],
    [
      "last_drill_ok",
      "Whether that was as it should be",
      ({ drill }) => (drill === null ? null : Number(drill.ok)),
    ],
  ];
  for (const [name, help, read] of numbers) {
    const numberOf = gauge(name, help, "app");
    for (const app of view.apps) {
      const value = read(app);
      if (value !== null) numberOf.set({ app: app.app }, value);
    }
  }
  traffics(traffic, registry);
  return registry.metrics();
}

function traffics({ requests, sentBytes, receivedBytes }: TrafficCounts, registry: Registry): void {
  const counter = (name: string, help: string, ...labelNames: string[]): Counter =>
    new Counter({ name: `swarmnfs_backup_${name}`, help, labelNames, registers: [registry] });
  const all = counter(
    "requests_total",
    "Requests to the backup server, by how they ended: ok, refused, or the kind of failure",
    "method",
    "result",
  );
  for (const { method, result, count } of requests) all.inc({ method, result }, count);
  counter("sent_bytes_total", "Bytes sent to the backup server").inc(sentBytes);
  counter("received_bytes_total", "Bytes that came from the backup server").inc(receivedBytes);
}

function seconds(time: string | null): number | null {
  return time === null ? null : Date.parse(time) / 1000;
}

function duration({ lastRun }: AppBackupView): number | null {
  if (lastRun === null) return null;
  return (Date.parse(lastRun.endedAt) - Date.parse(lastRun.startedAt)) / 1000;
}

function sum({ lastRun }: AppBackupView, what: "bytes" | "bytesAdded" | "files"): number | null {
  if (lastRun === null) return null;
  return lastRun.volumes.reduce((total, volume) => total + volume[what], 0);
}
