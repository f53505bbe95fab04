import { Html, html } from "./html.ts";

const width = 760;
const row = 26;
const names = 200;
const values = 190;
/** Longer names are cut; the whole one is said to a pointer, and is in the table. */
const lettersAtMost = 27;

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** What stands behind the bar. */
  readonly label: string;
  readonly tone?: "act" | "look";
}

/** Bars below each other, the first of which is usually the longest. */
export function barChart(bars: readonly Bar[], title: string): Html {
  const most = Math.max(...bars.map(({ value }) => value), 1);
  const height = bars.length * row + 4;
  const rows = bars.map(({ name, value, label, tone }, index) => {
    const y = index * row;
    const long = Math.max(1, Math.round(((width - names - values) * value) / most));
    return html`<g>
      <title>${name}: ${label}</title>
      <text x="${names - 8}" y="${y + 18}" text-anchor="end">${shortened(name)}</text>
      <rect class="bar mark" x="${names}" y="${y + 5}" width="${long}" height="${row - 9}" rx="3" />
      <text class="${tone ?? "soft"}" x="${names + long + 8}" y="${y + 18}">${label}</text></g
    > `;
  });
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${title}: ${spoken(bars)}"
  >
    ${rows}
  </svg>`;
}

function spoken(bars: readonly Bar[]): string {
  return bars.map(({ name, label }) => `${name} ${label}`).join("; ");
}

function shortened(name: string): string {
  return name.length <= lettersAtMost ? name : `${name.slice(0, lettersAtMost - 1)}…`;
}
