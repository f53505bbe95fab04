import { formatSize } from "../../service/size.ts";
import { type Html, html } from "./html.ts";

const width = 110;
const height = 22;

/** What a volume held, from nothing up to the most it ever held, as small as a word; null: there is nothing to draw. */
export function sparkline(history: readonly (number | null)[]): Html | null {
  const known = history.flatMap((bytes, index) => (bytes === null ? [] : [{ index, bytes }]));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2) return null;
  const most = Math.max(...known.map(({ bytes }) => bytes), 1);
  const points = known.map(({ index, bytes }) => {
    const x = 2 + (index / (history.length - 1)) * (width - 4);
    const y = height - 2 - (bytes / most) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const label = `from ${formatSize(first.bytes)} to ${formatSize(last.bytes)}`;
  return html`<svg
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${label}"
  >
    <polyline class="curve mark" points="${points.join(" ")}" />
  </svg>`;
}
