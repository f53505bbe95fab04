import { formatSize } from "../../service/size.ts";
import type { Schedule } from "../rules/schedule.ts";
import type { BackupReport } from "./backup-report.ts";
import type { Report } from "./report.ts";
import { diskText, trendText } from "./words.ts";

/** A telephone shows so much; the rest is in `swarmnfs report`. */
const attentionAtMost = 8;
const namesAtMost = 3;
const lettersAtMost = 300;

const marks = { problem: "✘", warning: "!" } as const;

/** The report as a short message: what needs somebody first, then the totals; the same facts. Pure. */
export function reportMessage(
  report: Report,
  { text }: Pick<Schedule, "text">,
): { readonly title: string; readonly text: string } {
  const { attention, storage, node } = report;
  const first = attention
    .slice(0, attentionAtMost)
    .map((each) => shortened(`${marks[each.level]} ${each.text}`));
  const left = attention.length - attentionAtMost;
  const lines = [
    `${storage}, as ${node} sees it`,
    ...first,
    ...(left > 0 ? [`and ${left} more`] : []),
    ...totals(report),
    "All of it: swarmnfs report",
  ];
  return { title: `${titles.get(text) ?? "Report"}: ${summary(report)}`, text: lines.join("\n") };
}

const titles = new Map([
  ["daily", "Daily report"],
  ["weekly", "Weekly report"],
  ["monthly", "Monthly report"],
]);

function summary({ attention }: Report): string {
  const problems = attention.filter(({ level }) => level === "problem").length;
  const warnings = attention.length - problems;
  const parts = [
    ...(problems > 0 ? [counted(problems, "problem")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return parts.length === 0 ? "all is well" : parts.join(", ");
}

function totals({ disk, volumes, trash, backup }: Report): string[] {
  const used = volumes.reduce((sum, each) => sum + (each.used ?? 0), 0);
  const largest = volumes
    .filter((each) => (each.used ?? 0) > 0)
    .slice(0, namesAtMost)
    .map((each) => `${each.volume} ${formatSize(each.used ?? 0)}`);
  const growing = volumes
    .filter(({ trend }) => trend.direction === "growing")
    .toSorted((a, b) => (b.trend.perDay ?? 0) - (a.trend.perDay ?? 0))
    .slice(0, namesAtMost)
    .map((each) => `${each.volume} ${trendText(each.trend)}`);
  return [
    `Disk: ${disk === null ? "the storage cannot be asked now" : diskText(disk)}`,
    `Volumes: ${volumes.length.toLocaleString("en")}, ${formatSize(used)} used`,
    ...(largest.length === 0 ? [] : [`Largest: ${largest.join(", ")}`]),
    ...(growing.length === 0 ? [] : [`Growing most: ${growing.join(", ")}`]),
    ...(trash.length === 0 ? [] : [`Trash: ${counted(trash.length, "removed volume")}`]),
    `Backup: ${backup === null ? "there is no backup service" : backupText(backup)}`,
  ].map(shortened);
}

function backupText({ volumes, drills }: BackupReport): string {
  const asked = volumes.filter(({ state }) => state !== "off");
  const [fine, bad] = [["ok"], ["new", "late", "never", "suspect"]].map((states) =>
    states.flatMap((state) => {
      const count = asked.filter((each) => each.state === state).length;
      return count === 0 ? [] : [`${count.toLocaleString("en")} ${state}`];
    }),
  );
  const failed = drills.filter(({ drill }) => drill?.ok === false).length;
  const drilled = failed === 0 ? [] : [`${counted(failed, "drill")} failed`];
  const said = [...(fine ?? []), ...(bad ?? []), ...drilled];
  return said.length === 0 ? "no volume asks for it" : said.join(", ");
}

function shortened(text: string): string {
  return text.length <= lettersAtMost ? text : `${text.slice(0, lettersAtMost - 1)}…`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
