import { exactSize, formatSize } from "../../service/size.ts";
import { daysUntil } from "../../storage/report/attention.ts";
import type { Report } from "../../storage/report/report.ts";
import { diskText, scopes, trendText } from "../../storage/report/words.ts";
import type { Call } from "../call.ts";
import { plural } from "../plural.ts";
import type { Column } from "../table.ts";
import type { Part } from "../terminal.ts";
import { pad } from "../wrap.ts";

/** So many rows of each table; --json and --html have more. */
const rowsAtMost = 10;

/** The report on a terminal or in a pipe: what needs somebody first, then the tables. */
export function showReport(report: Report, call: Call): void {
  const { screen } = call;
  screen.line(`${report.storage}, as ${report.node} sees it`);
  showSummary(report, call);
  for (const { level, text } of report.attention) {
    const symbol = screen.symbols[level];
    const mark = ["  ", { text: symbol, tone: level === "problem" ? "act" : "look" }, " "] as const;
    screen.paragraph(text, pad(symbol.length + 3), mark);
  }
  showLargest(report, call);
  showGrowing(report, call);
  showUnused(report, call);
  showTrash(report, call);
  showDrift(report, call);
  showBackup(report, call);
  showSlow(report, call);
}

function showSummary({ disk, volumes }: Report, { screen }: Call): void {
  const used = volumes.reduce((sum, each) => sum + (each.used ?? 0), 0);
  const uncounted = volumes.filter((each) => each.used === null).length;
  const rest = uncounted === 0 ? "" : `, ${uncounted} not counted yet`;
  screen.facts(
    [
      ["disk", disk === null ? "the storage cannot be asked now" : diskText(disk)],
      ["volumes", `${plural(volumes.length, "volume")}, ${formatSize(used)} used${rest}`],
      ["history", historyText(disk)],
    ],
    "  ",
  );
}

function historyText(disk: Report["disk"]): string {
  const days = disk?.history ?? [];
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined)
    return "none yet: a day is written down once a day, and trends need five of them";
  const span = days.length === 1 ? "" : `, ${first.at.slice(0, 10)} to ${last.at.slice(0, 10)}`;
  const enough = days.length < 5 ? "; trends need five" : "";
  return `${days.length === 1 ? "1 day" : `${days.length} days`}${span}${enough}`;
}

function section(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
  { screen }: Call,
  more = "",
): void {
  screen.line();
  screen.line(title);
  screen.table(columns, rows.slice(0, rowsAtMost));
  const left = rows.length - rowsAtMost;
  if (left > 0) screen.line(`and ${left.toLocaleString("en")} more${more}`);
}

function showLargest({ volumes, at }: Report, call: Call): void {
  if (volumes.length === 0) return;
  const { none } = call.screen.symbols;
  const rows = volumes.map((each): Part[] => [
    each.volume,
    each.app,
    each.used === null ? none : formatSize(each.used),
    each.size === null ? none : exactSize(each.size),
    shareOf(each.used, each.size, none),
    trendText(each.trend),
    fullText(each.fullOn, Date.parse(at), none),
  ]);
  section(
    "LARGEST VOLUMES",
    titles("VOLUME", "APP", "USED", "SIZE", "%", "GROWTH", "FULL"),
    rows,
    call,
    ": swarmnfs usage",
  );
}

function showGrowing({ volumes }: Report, call: Call): void {
  const growing = volumes
    .filter(({ trend }) => trend.direction === "growing")
    .toSorted((a, b) => (b.trend.perDay ?? 0) - (a.trend.perDay ?? 0));
  if (growing.length === 0) return;
  const rows = growing.map((each): Part[] => [
    each.volume,
    each.app,
    trendText(each.trend),
    formatSize(each.used ?? 0),
  ]);
  section("GROWING MOST", titles("VOLUME", "APP", "GROWTH", "USED"), rows, call);
}

function showUnused({ unused }: Report, call: Call): void {
  if (unused.volumes.length === 0) return;
  const { none } = call.screen.symbols;
  const rows = unused.volumes.map((each): Part[] => [
    each.volume,
    each.app,
    each.used === null ? none : formatSize(each.used),
    each.lastUse === null ? `never seen, made ${each.days} d ago` : call.moments.ago(each.lastUse),
  ]);
  section(
    `UNUSED FOR ${unused.days} D (${scopes[unused.scope]})`,
    titles("VOLUME", "APP", "USED", "LAST MOUNTED"),
    rows,
    call,
  );
}

function showTrash({ trash }: Report, call: Call): void {
  if (trash.length === 0) return;
  const next = trash.map(({ purgeAt }) => purgeAt).toSorted()[0] ?? "";
  call.screen.line();
  call.screen.line(
    `TRASH: ${plural(trash.length, "entry")}, the next is purged ${call.moments.until(next)}. See: swarmnfs trash`,
  );
}

function showDrift({ drift }: Report, call: Call): void {
  if (drift.length === 0) return;
  const rows = drift.flatMap(({ volume, differences }) =>
    differences.map((difference) => [volume, difference]),
  );
  section(
    "OTHER THAN DOCKER WAS ASKED FOR ON THIS NODE",
    [{ title: "VOLUME" }, { title: "DIFFERENCE", wraps: true }],
    rows,
    call,
  );
}

function showBackup({ backup }: Report, call: Call): void {
  const { screen, moments } = call;
  screen.line();
  if (backup === null) {
    screen.line("BACKUP: there is no backup service. See docs/backup.md");
    return;
  }
  const { none } = screen.symbols;
  const by = new Map(backup.drills.map(({ app, drill }) => [app, drill]));
  const rows = backup.volumes
    .filter(({ state }) => state !== "off")
    .map((each): Part[] => {
      const drill = by.get(each.app) ?? null;
      const isFine = each.state === "ok" || each.state === "new";
      return [
        each.volume,
        each.lastGood === null ? none : moments.ago(each.lastGood),
        String(each.versions),
        drill === null ? none : `${moments.ago(drill.at)}${drill.ok ? "" : ", failed"}`,
        isFine ? each.state : { text: each.state, tone: each.state === "late" ? "look" : "act" },
      ];
    });
  const silent = backup.isSilent ? ", silent" : "";
  const where = `BACKUP (on ${backup.node}${silent})`;
  const columns = titles("VOLUME", "LAST GOOD", "VERSIONS", "DRILL OF ITS APP", "STATE");
  if (rows.length === 0) screen.line(`${where}: no volume asks for it`);
  else {
    screen.line(where);
    screen.table(columns, rows.slice(0, rowsAtMost));
    if (rows.length > rowsAtMost)
      screen.line(`and ${(rows.length - rowsAtMost).toLocaleString("en")} more`);
  }
}

function showSlow({ slow }: Report, call: Call): void {
  if (slow.length === 0) return;
  const rows = slow.map(({ volume, operations, milliseconds }) => [
    volume,
    `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`,
    operations.toLocaleString("en"),
  ]);
  section(
    "SLOWEST ON THIS NODE",
    titles("VOLUME", "AN OPERATION", "OPERATIONS"),
    rows.slice(0, 5),
    call,
  );
}

function titles(...names: string[]): Column[] {
  return names.map((title) => ({ title }));
}

function shareOf(used: number | null, size: number | null, none: string): Part {
  if (used === null || size === null) return none;
  const share = Math.round((used / size) * 100);
  return share >= 80 ? { text: String(share), tone: "act" } : String(share);
}

function fullText(day: string | null, now: number, none: string): Part {
  if (day === null) return none;
  const days = daysUntil(day, now);
  const text = `in ${days} d`;
  if (days > 30) return text;
  return { text, tone: days <= 7 ? "act" : "look" };
}
