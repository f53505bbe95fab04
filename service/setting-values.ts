import * as z from "zod";
import { messageOf } from "./message-of.ts";

const minute = 60_000;
const units = new Map([
  ["m", minute],
  ["h", 60 * minute],
  ["d", 24 * 60 * minute],
]);

/** Milliseconds of `30m`, `6h`, `2d`; `0` is none. */
export function span(usual: string) {
  return z
    .string()
    .default(usual)
    .transform((text, context): number => {
      const match = /^(\d{1,5})\s*([mhd])$/.exec(text);
      if (text === "0") return 0;
      const unit = units.get(match?.[2] ?? "");
      if (match !== null && unit !== undefined) return Number(match[1]) * unit;
      context.addIssue("a span is expected: a number with m, h or d, as 30m");
      return z.NEVER;
    });
}

/** As it would be written: `30m`, `6h`, `2d`, `0`. */
export function spanText(ms: number): string {
  const minutes = ms / minute;
  if (minutes === 0) return "0";
  if (minutes % 1440 === 0) return `${minutes / 1440}d`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}

/** Text that a parser of ours understands, left as it is. */
export function checked(usual: string, parse: (text: string) => unknown) {
  return z
    .string()
    .default(usual)
    .transform((text, context): string => {
      try {
        parse(text);
        return text.trim();
      } catch (error) {
        context.addIssue(messageOf(error));
        return z.NEVER;
      }
    });
}

export function switchOf(usual: "on" | "off") {
  return z
    .enum(["on", "off"])
    .default(usual)
    .transform((text) => text === "on");
}

/** `50%` or `50` as 0.5; from 1 to 100. */
export function percent(usual: string) {
  return z
    .string()
    .default(usual)
    .transform((text, context): number => {
      const value = Number(/^(\d{1,3})\s*%?$/.exec(text)?.[1] ?? NaN);
      if (value >= 1 && value <= 100) return value / 100;
      context.addIssue("a share from 1% to 100% is expected");
      return z.NEVER;
    });
}

export function whole(least: number, most: number, usual: string) {
  return z
    .string()
    .default(usual)
    .transform((text, context): number => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
      if (value >= least && value <= most) return value;
      context.addIssue(`a whole number from ${least} to ${most} is expected`);
      return z.NEVER;
    });
}

/** Words with commas between. */
export function listOf(usual = "") {
  return z
    .string()
    .default(usual)
    .transform((text): readonly string[] =>
      text
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean),
    );
}

/** An absolute path. */
export function file(usual?: string) {
  const path = z.string().regex(/^\/./, "an absolute path is expected, beginning with /");
  return usual === undefined ? path.optional() : path.default(usual);
}
