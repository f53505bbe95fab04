import { formatSize } from "../service/size.ts";
import type { RunView } from "../storage/backup/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part, Tone } from "./terminal.ts";

export async function runBackup(call: Call): Promise<ExitCode> {
  const apps = [...call.operands];
  const what = apps.length === 0 ? "all apps" : apps.join(", ");
  const answer = await call.backup.ask("run", { apps }, `backing up ${what}`);
  if (call.options.json) call.screen.json(answer);
  else showReports(answer.reports, call);
  return exitCodeOf(answer.reports);
}

function showReports(reports: readonly RunView[], call: Call): void {
  const { screen } = call;
  if (reports.length === 0) {
    screen.line("There is nothing to back up: no volume is there, or backup=off for all of them");
    return;
  }
  const rows = reports.flatMap((report) =>
    report.volumes.map((volume): Part[] => [
      report.app,
      volume.volume,
      formatSize(volume.bytes),
      formatSize(volume.bytesAdded),
      volume.snapshot?.slice(0, 8) ?? screen.symbols.none,
      { text: wordsOf(volume), tone: toneOf(volume.outcome) },
    ]),
  );
  if (rows.length > 0)
    screen.table(
      [
        { title: "APP" },
        { title: "VOLUME" },
        { title: "SIZE" },
        { title: "NEW" },
        { title: "SNAPSHOT" },
        { title: "RESULT", wraps: true },
      ],
      rows,
    );
  for (const report of reports)
    for (const note of report.notes)
      screen.paragraph(`${report.app}: ${note}`, "  ", [{ text: "! ", tone: "look" }]);
  screen.line(summaryOf(reports));
}

function wordsOf({ outcome, reason, unreadCount }: RunView["volumes"][number]): string {
  if (outcome === "complete") return "ok";
  const unread = unreadCount === 0 ? null : `${plural(unreadCount, "file")} could not be read`;
  const why = reason ?? unread;
  return why === null ? outcome : `${outcome}: ${why}`;
}

function toneOf(outcome: RunView["volumes"][number]["outcome"]): Tone {
  if (outcome === "complete") return "fine";
  return outcome === "failed" || outcome === "suspect" ? "act" : "look";
}

function summaryOf(reports: readonly RunView[]): Part {
  const good = reports.filter(({ outcome }) => outcome === "ok").length;
  const all = plural(reports.length, "app");
  if (good === reports.length) return { text: `${all} backed up and checked`, tone: "fine" };
  const others = reports.filter(({ outcome }) => outcome !== "ok");
  const words = others.map(({ app, outcome }) => `${app}: ${outcome}`).join(", ");
  return { text: `${good} of ${all} backed up and checked; ${words}`, tone: "act" };
}

/** 3: something was saved, and something was not. */
function exitCodeOf(reports: readonly RunView[]): ExitCode {
  if (reports.every(({ outcome }) => outcome === "ok")) return 0;
  const hasSaved = reports.some(({ volumes }) => volumes.some(({ snapshot }) => snapshot !== null));
  return hasSaved ? 3 : 1;
}
