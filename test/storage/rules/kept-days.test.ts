import test from "ava";
import { dayOf, daysToDrop, fileOfDay } from "../../../storage/rules/kept-days.ts";

const dayMs = 86_400_000;
const start = Date.parse("2023-01-02T03:04:05Z");

/** The files that are there after so many days, each of which wrote one and dropped what it may. */
function after(days: number): string[] {
  const files = new Set<string>();
  for (let day = 0; day <= days; day += 1) {
    const now = start + day * dayMs;
    files.add(fileOfDay(now));
    for (const file of daysToDrop([...files], now)) files.delete(file);
  }
  return [...files].toSorted();
}

test("a file is named by its day, and nothing else is a day", (t) => {
  t.is(fileOfDay(Date.parse("2026-11-23T23:59:59Z")), "2026-11-23.json");
  t.is(dayOf("2026-11-23.json"), Date.parse("2026-11-23T00:00:00Z"));
  for (const other of ["2026-11-23", "2026-13-01.json", "x2026-11-23.json", "2026-11-23.json~"])
    t.is(dayOf(other), null, other);
});

test("every day is kept for five weeks", (t) => {
  t.is(after(34).length, 35);
  t.is(after(35).length, 36);
});

test("of older ones the first of each week, and after a year the first of each month", (t) => {
  const kept = after(3 * 365);
  const now = start + 3 * 365 * dayMs;
  const ages = kept.map((file) => Math.floor((now - (dayOf(file) ?? 0)) / dayMs));
  t.is(ages.filter((age) => age < 35).length, 35);
  const weekly = ages.filter((age) => age >= 35 && age < 366);
  t.true(weekly.length >= 46 && weekly.length <= 50, `${weekly.length} of a year`);
  const monthly = ages.filter((age) => age >= 366);
  t.true(monthly.length >= 23 && monthly.length <= 27, `${monthly.length} of two more`);
  t.is(kept[0], "2023-01-02.json", "the first of all stays");
});

test("a clock that is ten years ahead makes only a few days go", (t) => {
  const files = after(60);
  t.true(daysToDrop(files, start + 3650 * dayMs).length <= 3);
});
