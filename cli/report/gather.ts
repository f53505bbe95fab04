import type { Report } from "../../storage/report/report.ts";
import { reportOf, usualSinceMs, usualUnusedMs } from "../../storage/report/report.ts";
import { readAge } from "../age-option.ts";
import type { Call } from "../call.ts";

/** Asks for everything that a report is made from. */
export async function gatherReport(call: Call, unusedMs = usualUnusedMs): Promise<Report> {
  const { moments, options, plugin } = call;
  const back = options.since === null ? usualSinceMs : readAge(options.since, "report");
  const { now } = moments;
  const since = now - back;
  const review = await plugin.ask(
    "Review",
    { since: new Date(since).toISOString() },
    "reading the storage's history",
  );
  const { volumes } = await plugin.ask("Volumes", {}, "reading the volumes");
  const { entries } = await plugin.ask("Trash", {}, "reading the trash");
  const status = await plugin.ask("Status", {}, "asking the plugin how it is");
  return reportOf({ status, volumes, trash: entries, review, since, now, unusedMs });
}
