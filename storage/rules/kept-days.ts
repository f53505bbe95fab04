const dayMs = 86_400_000;
/** Every day is kept for so long, one of each week for a year, one of each month beyond. */
const dailyMs = 35 * dayMs;
const weeklyMs = 366 * dayMs;
/** A clock that is far ahead for a day must not make the past look old all at once. Two a day are enough to keep up. */
const dropAtMost = 3;

/** A day of the history by its file's name, `2026-11-23.json`, in milliseconds; null for any other name. */
export function dayOf(file: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})\.json$/.exec(file);
  const day = match === null ? NaN : Date.parse(`${match[1]}T00:00:00Z`);
  return Number.isNaN(day) ? null : day;
}

/** The file of the day of a moment. */
export function fileOfDay(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10)}.json`;
}

/** Which files of the history are not kept any more, the oldest first, and never many at once. Pure. */
export function daysToDrop(files: readonly string[], now: number): string[] {
  const taken = new Set<string>();
  return files
    .flatMap((file) => {
      const day = dayOf(file);
      return day === null ? [] : [{ file, day }];
    })
    .toSorted((a, b) => a.day - b.day)
    .filter(({ day }) => {
      if (now - day < dailyMs) return false;
      // The first of its month or week stands for all of it.
      const age = now - day < weeklyMs ? "week" : "month";
      const period = age === "week" ? weekOf(day) : monthOf(day);
      const isFirst = !taken.has(period);
      taken.add(period);
      return !isFirst;
    })
    .map(({ file }) => file)
    .slice(0, dropAtMost);
}

// 1970-01-01 was a Thursday; weeks begin on Mondays.
function weekOf(day: number): string {
  return `week ${Math.floor((day / dayMs + 3) / 7)}`;
}

function monthOf(day: number): string {
  return new Date(day).toISOString().slice(0, 7);
}
