import test from "ava";
import { reportMessage } from "../../../storage/report/message.ts";
import { type Report, reportOf } from "../../../storage/report/report.ts";
import { fortyDays } from "../../cli/history.ts";
import { now, status, trash, volumes } from "../../cli/world.ts";

const dayMs = 86_400_000;

function report(given: Partial<Report> = {}): Report {
  const facts = { status, volumes, trash, review: fortyDays(now), now };
  return { ...reportOf({ ...facts, since: now - 90 * dayMs, unusedMs: 30 * dayMs }), ...given };
}

test("a message says what needs somebody first, then the totals, as the report does", (t) => {
  const { title, text } = reportMessage(report(), { text: "weekly" });
  t.is(title, "Weekly report: 2 problems, 3 warnings");
  t.deepEqual(text.split("\n"), [
    "dir:///srv/swarm, as node2 sees it",
    "✘ never backed up: zoo",
    "✘ could not be restored for practice: shop",
    "! nearly full: db",
    "! the last good backup is old: old_wiki",
    "! 1 volume unused for 30 d or longer, 120M in all. To see what to do: swarmnfs clean unused",
    "Disk: 43G of 200G used (22 %), +520M a day, full on 2027-01-04 if it goes on so",
    "Volumes: 4, 43G used",
    "Largest: db 41G, blog_data 2.0G, old_wiki 120M",
    "Growing most: db +512M a day, blog_data +20M a day",
    "Trash: 4 removed volumes",
    "Backup: 2 ok, 1 late, 1 never, 1 drill failed",
    "All of it: swarmnfs report",
  ]);
  for (const { text: attention } of report().attention) t.true(text.includes(attention));
});

test("where nothing needs anybody that is said, and where there is no backup or disk that as well", (t) => {
  const { title, text } = reportMessage(
    report({ attention: [], backup: null, disk: null, volumes: [], trash: [] }),
    { text: "0 7 * * *" },
  );
  t.is(title, "Report: all is well");
  t.regex(text, /Disk: the storage cannot be asked now\nVolumes: 0, 0 used\nBackup: there/);
});

test("however much there is to say, it fits into a message", (t) => {
  const attention = Array.from({ length: 40 }, (_, index) => ({
    level: "problem" as const,
    text: `volume ${index} ${"is full ".repeat(60)}`,
  }));
  const { text } = reportMessage(report({ attention }), { text: "daily" });
  t.true(text.length < 4000);
  t.true(text.includes("and 32 more"));
});
