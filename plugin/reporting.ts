import { systemClock } from "../service/clock.ts";
import type { Log } from "../service/log.ts";
import { channelsOf } from "../service/notifier/telling.ts";
import { messageOf } from "../service/message-of.ts";
import { repeat } from "../service/repeat.ts";
import { ReportSender } from "../storage/report/report-sender.ts";
import { type Report, reportOf, usualSinceMs, usualUnusedMs } from "../storage/report/report.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import type { Settings } from "./settings.ts";
import type { StorageWatch } from "./storage-watch.ts";
import type { VerbHandlers } from "./verbs-api.ts";

export interface ReportingParts {
  readonly settings: Pick<Settings, "notify" | "report">;
  readonly storage: Storage;
  readonly watch: Pick<StorageWatch, "id" | "trouble" | "look">;
  readonly node: NodeIdentity;
  readonly verbs: Pick<VerbHandlers, "Review" | "Volumes" | "Trash" | "Status">;
  readonly log: Log;
}

const everyMs = 60_000;

/** Sends people a report of the storage when it is due, until the signal aborts. Where none is wanted nothing happens. */
export function beginReporting(parts: ReportingParts, signal: AbortSignal): void {
  const { settings, storage, watch, node, verbs, log } = parts;
  const { report: schedule, notify } = settings;
  if (schedule === null || storage.reportTurn === undefined || storage.putReportTurn === undefined)
    return;
  const sender = new ReportSender({
    schedule,
    storage: {
      reportTurn: () => storage.reportTurn?.() ?? Promise.resolve(null),
      putReportTurn: (turn) => storage.putReportTurn?.(turn) ?? Promise.resolve(false),
    },
    by: node,
    channels: channelsOf(notify),
    report: () => makeReport(verbs),
    from: `plugin on ${node.name}`,
    clock: systemClock,
    log,
  });
  const round = async (): Promise<void> => {
    if (watch.id === null) await watch.look();
    // A storage in trouble is told of by itself, and the report comes when it is back.
    if (watch.id !== null && watch.trouble === null) await sender.round();
  };
  const failed = (error: unknown): void =>
    log.warn({ reason: messageOf(error) }, "a report could not be made; it is tried again");
  void repeat(everyMs, round, signal, failed);
}

async function makeReport(verbs: ReportingParts["verbs"]): Promise<Report> {
  const now = systemClock.now();
  const since = now - usualSinceMs;
  const review = await verbs.Review({ since: new Date(since).toISOString() });
  const { volumes } = await verbs.Volumes({});
  const { entries } = await verbs.Trash({});
  const status = await verbs.Status({});
  const facts = { status, volumes, trash: entries, review, since, now };
  return reportOf({ ...facts, unusedMs: usualUnusedMs });
}
