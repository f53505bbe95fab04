import { Cron } from "croner";
import * as z from "zod";
import { messageOf } from "../../service/message-of.ts";
import { nearest } from "../../service/nearest.ts";
import { UserError } from "../../service/user-error.ts";
import { checkCron } from "./cron.ts";

/** When something is done again and again: as it was written, and as a cron expression. */
export interface Schedule {
  readonly text: string;
  readonly cron: string;
}

const words = ["off", "daily", "weekly", "monthly"] as const;

/**
 * Understands `daily`, `weekly` (Mondays) and `monthly` (the first), which mean this hour of the day, and the five fields of cron;
 * null for `off`. Throws `invalid`.
 */
export function parseSchedule(given: string, hour: number): Schedule | null {
  const text = given.trim();
  if (/\s/.test(text)) {
    checkCron(text);
    return { text, cron: text };
  }
  if (text === "off") return null;
  if (text === "daily") return { text, cron: `0 ${hour} * * *` };
  if (text === "weekly") return { text, cron: `0 ${hour} * * 1` };
  if (text === "monthly") return { text, cron: `0 ${hour} 1 * *` };
  const likely = nearest(text, words);
  throw new UserError(
    "invalid",
    `${likely === null ? "" : `did you mean "${likely}"? `}${words.join(", ")} or five fields of cron (minute hour day month weekday) are expected`,
  );
}

/** A variable that holds such a schedule. */
export function scheduleSetting(usual: string, hour: number) {
  return z
    .string()
    .default(usual)
    .transform((text, context): Schedule | null => {
      try {
        return parseSchedule(text, hour);
      } catch (error) {
        context.addIssue(messageOf(error));
        return z.NEVER;
      }
    });
}

/** The first time of a schedule after that moment, milliseconds since 1970, by the process's time zone; null: there is none. */
export function nextTime(cron: string, after: number): number | null {
  return new Cron(cron, { paused: true }).nextRun(new Date(after))?.getTime() ?? null;
}
