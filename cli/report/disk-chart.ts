import { formatSize } from "../../service/size.ts";
import type { DiskReport } from "../../storage/report/report.ts";
import { Html, html } from "./html.ts";

const width = 760;
const height = 250;
const left = 52;
const right = 96;
const top = 14;
const bottom = 28;
/** So much of the chart lies in the future where a line leads there. */
const aheadShare = 0.2;
const dayMs = 86_400_000;

/** How full the disk was on each day, up to all it has, and where that leads. Null: there is too little to draw. */
export function diskChart(disk: DiskReport, now: number): Html | null {
  const days = [
    ...disk.history.map((day) => ({ at: Date.parse(day.at), used: day.total - day.free })),
    { at: now, used: disk.used },
  ];
  const first = days[0]?.at ?? now;
  if (days.length < 2 || now - first < dayMs / 2) return null;
  const goesOn = disk.trend.direction === "growing" && disk.trend.perDay !== null;
  const end = goesOn ? now + ((now - first) * aheadShare) / (1 - aheadShare) : now;
  const most = Math.max(disk.total, ...disk.history.map(({ total }) => total), 1);
  const x = (at: number): number =>
    round(left + ((at - first) / (end - first)) * (width - left - right));
  const y = (bytes: number): number =>
    round(height - bottom - (Math.min(bytes, most) / most) * (height - top - bottom));
  const points = days.map(({ at, used }) => `${x(at)},${y(used)}`);
  const curve = points.join(" ");
  const area = `${x(first)},${y(0)} ${curve} ${x(now)},${y(0)}`;
  const perDay = disk.trend.perDay ?? 0;
  const later = disk.used + (perDay * (end - now)) / dayMs;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${summary(disk, first)}">
    ${[0, 0.25, 0.5, 0.75, 1].map((share) => gridline(most * share, y(most * share)))}
    <line
      class="limit"
      x1="${left}"
      x2="${width - right}"
      y1="${y(disk.total)}"
      y2="${y(disk.total)}"
    />
    <text class="soft" x="${width - right + 6}" y="${y(disk.total) + 4}">
      ${formatSize(disk.total)} in all
    </text>
    <polygon class="area" points="${area}" />
    <polyline class="curve mark" points="${curve}" />
    ${goesOn ? html`<line class="ahead" x1="${x(now)}" y1="${y(disk.used)}" x2="${x(end)}" y2="${y(later)}" />` : ""}
    <circle class="dot mark" cx="${x(now)}" cy="${y(disk.used)}" r="4" />
    <text x="${x(now)}" y="${y(disk.used) - 10}" text-anchor="end">${formatSize(disk.used)} now</text>
${goesOn ? html`<text class="soft" x="${x(end) + 6}" y="${y(later) + 4}">${formatSize(later)} then</text>` : ""}
      ${formatSize(disk.used)} now
    </text>
    ${days.map(({ at, used }) => spot(x(at), y(used), `${dayOf(at)}: ${formatSize(used)}`))}
    <text class="soft" x="${left}" y="${height - 8}">${dayOf(first)}</text>
    <text class="soft" x="${x(now)}" y="${height - 8}" text-anchor="${goesOn ? "middle" : "end"}">
      ${dayOf(now)}
    </text>
  </svg>`;
}

function gridline(bytes: number, at: number): Html {
  return html`<line
      class="gridline"
      x1="${left}"
      x2="${width - right}"
      y1="${at}"
      y2="${at}"
    /><text class="soft" x="${left - 6}" y="${at + 4}" text-anchor="end"
      >${formatSize(bytes)}</text
    > `;
}

/** What a pointer finds on a day. */
function spot(x: number, y: number, title: string): Html {
  return html`<circle class="hover" cx="${x}" cy="${y}" r="5"><title>${title}</title></circle> `;
}

function summary({ used, total, history }: DiskReport, first: number): string {
  const then = history[0] === undefined ? used : history[0].total - history[0].free;
  return `Disk: ${formatSize(then)} used on ${dayOf(first)}, ${formatSize(used)} now, of ${formatSize(total)}`;
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
