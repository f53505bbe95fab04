import test from "ava";
import { nextTime, parseSchedule } from "../../../storage/rules/schedule.ts";

test("words mean an hour of the day, fields are what cron takes", (t) => {
  t.is(parseSchedule("off", 7), null);
  t.deepEqual(parseSchedule(" weekly ", 7), { text: "weekly", cron: "0 7 * * 1" });
  t.is(parseSchedule("daily", 4)?.cron, "0 4 * * *");
  t.is(parseSchedule("monthly", 4)?.cron, "0 4 1 * *");
  t.is(parseSchedule("30 6 * * 1-5", 7)?.cron, "30 6 * * 1-5");
});

test("what is misspelt is told with what was probably meant", (t) => {
  const refused = (text: string): string | undefined =>
    t.throws(() => parseSchedule(text, 7), { code: "invalid" })?.message;
  t.regex(refused("weakly") ?? "", /^did you mean "weekly"\? off, daily, weekly, monthly or five/);
  t.regex(refused("on") ?? "", /off, daily, weekly, monthly or five fields of cron/);
  t.regex(refused("0 25 * * *") ?? "", /the hour "25" is not 0–23/);
});

test("the next time is after a moment, never at it", (t) => {
  const monday = new Date(2026, 2, 2, 7).getTime();
  const week = new Date(2026, 2, 9, 7).getTime();
  t.is(nextTime("0 7 * * 1", monday - 1), monday);
  t.is(nextTime("0 7 * * 1", monday), week);
  t.is(nextTime("0 7 30 2 *", monday), null);
});
