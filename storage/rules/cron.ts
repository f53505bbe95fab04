import { UserError } from "../../service/user-error.ts";

const fields = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12 },
  { name: "day of week", min: 0, max: 7 },
] as const;

/** Throws `invalid` unless this is a cron expression of five fields made of numbers, `*`, ranges, lists and steps. */
export function checkCron(text: string): void {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    throw new UserError(
      "invalid",
      `"${text}" is not a schedule: write "default", "off", or five fields (minute hour day month weekday), as in "0 3 * * *"`,
    );
  }
  for (const [index, field] of fields.entries()) {
    for (const item of (parts[index] ?? "").split(",")) {
      if (!isItem(item, field.min, field.max)) {
        throw new UserError(
          "invalid",
          `"${text}" is not a schedule: the ${field.name} "${item}" is not ${field.min}–${field.max}, a range, "*", or a step like "*/5"`,
        );
      }
    }
  }
}

function isItem(item: string, min: number, max: number): boolean {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(item);
  if (!match) return false;
  const from = match[1] === undefined ? min : Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  const step = match[3] === undefined ? 1 : Number(match[3]);
  return from >= min && from <= to && to <= max && step >= 1;
}
