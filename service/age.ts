const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A span of milliseconds as people say it, with at most two units: `4 s`, `3 m 12 s`, `3 h`, `41 d`. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < minute) return `${Math.floor(span / second)} s`;
  if (span < hour) return join(span, minute, "m", second, "s");
  if (span < 3 * hour) return join(span, hour, "h", minute, "m");
  if (span < 2 * day) return `${Math.floor(span / hour)} h`;
  return `${Math.floor(span / day)} d`;
}

/** How long ago a moment (RFC 3339 or milliseconds) was: `3 h ago`, `just now`. */
export function formatAge(then: string | number, now: number): string {
  const span = now - (typeof then === "string" ? Date.parse(then) : then);
  return span < second ? "just now" : `${formatDuration(span)} ago`;
}

/** The time of day of a moment, `14:02:11Z`; with the date in front when that was not today: `2026-02-11 14:02:11Z`. */
export function formatMoment(then: number, now: number): string {
  const text = new Date(then).toISOString();
  const time = `${text.slice(11, 19)}Z`;
  return text.slice(0, 10) === new Date(now).toISOString().slice(0, 10)
    ? time
    : `${text.slice(0, 10)} ${time}`;
}

function join(
  span: number,
  big: number,
  bigName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((span % big) / small);
  const head = `${Math.floor(span / big)} ${bigName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}
