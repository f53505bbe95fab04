import { UserError } from "../../service/user-error.ts";

const day = 86_400_000;

/** How versions of a volume are kept: all within a span, and the newest of so many hours, days … that have any. */
export interface Keep {
  /** Milliseconds. */
  readonly within: number;
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

const nothing: Keep = { within: 0, last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const units: Readonly<Record<string, number>> = {
  h: day / 24,
  d: day,
  w: 7 * day,
  m: 30 * day,
  y: 365 * day,
};
const counted = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;

/**
 * Reads KEEP: `180d` keeps everything of that time; `14d,daily=180,yearly=10` thins out what is older. Throws `invalid` for
 * anything else, and for a rule that keeps nothing.
 */
export function parseKeep(text: string): Keep {
  const keep = { ...nothing };
  for (const word of text.split(",").map((part) => part.trim())) {
    const [, span, unit] = /^(\d{1,5})([hdwmy])$/.exec(word) ?? [];
    const [, name, count] = /^([a-z]+)=(\d{1,5})$/.exec(word) ?? [];
    const rule = counted.find((each) => each === name);
    if (span !== undefined && unit !== undefined)
      keep.within = Math.max(keep.within, Number(span) * (units[unit] ?? 0));
    else if (rule !== undefined) keep[rule] = Number(count);
    else throw notUnderstood(text, word);
  }
  if (Object.values(keep).every((value) => value === 0)) throw notUnderstood(text, text);
  return keep;
}

function notUnderstood(text: string, word: string): UserError {
  return new UserError(
    "invalid",
    `KEEP="${text}": "${word}" is not understood. Write how long everything is kept, as 180d, and what is kept of older versions, as daily=365, weekly=52, monthly=24, yearly=10, with commas between`,
  );
}
