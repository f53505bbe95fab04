import { UserError } from "./user-error.ts";

const units = ["", "K", "M", "G", "T", "P"];

/**
 * Bytes of a size as people write it: `10G`, `1.5T`, `512MiB`, `4096`. Units are powers of 1024, in either case.
 * Throws `invalid` for anything else, for zero, and for what JavaScript cannot count exactly.
 */
export function parseSize(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([KMGTP]?)(?:I?B)?$/.exec(text.toUpperCase());
  const bytes = match ? Math.floor(Number(match[1]) * 1024 ** units.indexOf(match[2] ?? "")) : NaN;
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new UserError(
      "invalid",
      `"${text}" is not a size: write a number with K, M, G or T, like 10G`,
    );
  }
  return bytes;
}

/** Bytes for people: at most three digits that matter, `2.0G`, `41G`, `120M`, `0`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits}${units[unit]}`;
}

/** Bytes as they would be asked for, exact: `10G`, `1536M`, `1000`. The inverse of {@link parseSize}. */
export function exactSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value > 0 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit]}`;
}
