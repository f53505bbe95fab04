import { UsageError } from "./usage-error.ts";

const minute = 60_000;
const units = new Map([
  ["m", minute],
  ["h", 60 * minute],
  ["d", 24 * 60 * minute],
  ["w", 7 * 24 * 60 * minute],
]);

/** Milliseconds of `12h`, `7d`, `2w`. */
export function readAge(text: string, topic: string): number {
  const match = /^(\d{1,6})\s*([mhdw])$/.exec(text);
  const unit = units.get(match?.[2] ?? "");
  if (match === null || unit === undefined) {
    throw new UsageError(
      `"${text}" is not an age: write a number with m, h, d or w, like 7d`,
      topic,
    );
  }
  return Number(match[1]) * unit;
}
