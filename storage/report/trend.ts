const dayMs = 86_400_000;

/** Of fewer points, or of a shorter time, nobody can say anything. */
const leastPoints = 5;
const leastMs = 4 * dayMs;
/** A line is laid through so many at most: each pair of them is looked at. */
const mostPoints = 60;
/** What changes by less than this share of itself in 30 days, and by less than so many bytes, stands still. */
const steadyShare = 0.01;
const steadyBytes = 1024 ** 2;
/** Of all pairs of days so many must agree, or it only goes up and down. */
const agreement = 0.7;
/** Further ahead nobody plans by a line, milliseconds. */
const horizonMs = 2 * 365 * dayMs;

export interface Point {
  /** Milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

/** Where something goes. `unknown`: there is too little history; `irregular`: it went up and down. */
export interface Trend {
  readonly direction: "growing" | "shrinking" | "steady" | "irregular" | "unknown";
  /** Bytes a day; null where nothing can be said. */
  readonly perDay: number | null;
}

/**
 * The line that half of all pairs of points lie above and half below (Theil and Sen): a big file that came and went, or a day on
 * which everything was deleted, does not bend it as it would bend the usual one. Points are in order. Pure.
 */
export function trendOf(all: readonly Point[]): Trend {
  const points = thinned(all);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return nothing;
  if (points.length < leastPoints || last.at - first.at < leastMs) return nothing;
  const slopes = slopesOf(points);
  const slope = medianOf(slopes);
  const perDay = Math.round(slope * dayMs);
  const level = medianOf(Float64Array.from(points, ({ bytes }) => bytes));
  const isSteady = Math.abs(perDay) * 30 < Math.max(steadyBytes, level * steadyShare);
  if (isSteady) return { direction: isFlat(points, level) ? "steady" : "irregular", perDay };
  const agreeing = slopes.filter((each) => Math.sign(each) === Math.sign(slope)).length;
  if (agreeing < slopes.length * agreement) return { direction: "irregular", perDay };
  return { direction: slope > 0 ? "growing" : "shrinking", perDay };
}

/** When what grows so has taken the room that is left (RFC 3339, a day); null: not by this trend, or not within two years. */
export function fullOn({ direction, perDay }: Trend, room: number, now: number): string | null {
  if (direction !== "growing" || perDay === null || perDay <= 0) return null;
  const inMs = (Math.max(0, room) / perDay) * dayMs;
  return inMs > horizonMs ? null : new Date(now + inMs).toISOString().slice(0, 10);
}

const nothing: Trend = { direction: "unknown", perDay: null };

/** Its last points are the newest, and stay. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points;
  const step = (points.length - 1) / (mostPoints - 1);
  return Array.from({ length: mostPoints }, (_, index) => {
    const point = points[Math.round(index * step)];
    if (point === undefined) throw new Error("beyond the last point");
    return point;
  });
}

function slopesOf(points: readonly Point[]): Float64Array {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let count = 0;
  for (const [index, from] of points.entries())
    for (const to of points.slice(index + 1)) {
      if (to.at <= from.at) continue;
      slopes[count] = (to.bytes - from.bytes) / (to.at - from.at);
      count += 1;
    }
  return slopes.subarray(0, count);
}

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function isFlat(points: readonly Point[], level: number): boolean {
  const room = Math.max(steadyBytes, level * 0.1);
  const away = points.filter(({ bytes }) => Math.abs(bytes - level) > room).length;
  return away <= points.length * (1 - agreement);
}
