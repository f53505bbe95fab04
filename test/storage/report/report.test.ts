import test from "ava";
import { reportOf, type Report, type ReportFacts } from "../../../storage/report/report.ts";
import { fortyDays } from "../../cli/history.ts";
import { now, status, trash, volumes, volumeView } from "../../cli/world.ts";
import { volumeRecord } from "../records/volume-record.ts";

const dayMs = 86_400_000;
const G = 1024 ** 3;

function report(given: Partial<ReportFacts> = {}): Report {
  const facts = { status, volumes, trash, review: fortyDays(now), now };
  return reportOf({ ...facts, since: now - 90 * dayMs, unusedMs: 30 * dayMs, ...given });
}

test("volumes come with their growth, the largest first, and the day on which they are full", (t) => {
  const rows = report().volumes;
  t.deepEqual(
    rows.map(({ volume, trend, fullOn }) => [volume, trend.direction, fullOn]),
    [
      ["db", "growing", "2026-03-19"],
      ["blog_data", "growing", "2027-04-15"],
      ["old_wiki", "steady", null],
      ["zoo", "unknown", null],
    ],
  );
  t.is(rows[0]?.history.length, 40);
});

test("the disk is looked at as a whole, and a disk of another size is another disk", (t) => {
  const { disk } = report();
  t.like(disk, { used: 43 * G, trend: { direction: "growing" } });
  t.regex(disk?.fullOn ?? "", /^2027-0[1-2]-/);
  const review = fortyDays(now);
  const smaller = review.days.map((day) => ({ ...day, total: day.total / 2 }));
  const grown = report({ review: { ...review, days: smaller } });
  t.is(grown.disk?.trend.direction, "unknown");
});

test("unused is what nobody has mounted, used lately, or wants", (t) => {
  t.deepEqual(
    report().unused.volumes.map(({ volume, days, lastUse }) => [volume, days, lastUse]),
    [["old_wiki", 41, "2026-01-19T12:00:00Z"]],
  );
  t.deepEqual(report({ unusedMs: 50 * dayMs }).unused.volumes, []);
  const review = fortyDays(now);
  const by = { old_wiki: ["container wiki-1"] };
  const wanted = { scope: "node", by } as const;
  t.deepEqual(report({ review: { ...review, wanted } }).unused.volumes, []);
});

test("what was never seen in use is told from what was", (t) => {
  const made = { createdAt: "2026-01-01T00:00:00Z" };
  const never = volumeView(volumeRecord("never", made));
  const young = volumeView(volumeRecord("young", { createdAt: "2026-02-20T00:00:00Z" }));
  const root = volumeView(volumeRecord("root", { ...made, root: true }));
  const kept = volumeView(volumeRecord("kept", { ...made, state: "retained" }));
  const mounted = volumeView(volumeRecord("mounted", made), {
    state: "mounted",
    mountedOn: ["node1"],
  });
  const found = report({ volumes: [never, young, root, kept, mounted] }).unused.volumes;
  t.deepEqual(
    found.map(({ volume, lastUse, days }) => [volume, lastUse, days]),
    [["never", null, 59]],
  );
});

test("names that every object has are names of volumes like any other", (t) => {
  const old = { createdAt: "2026-01-01T00:00:00Z" };
  const odd = ["constructor", "toString"].map((name) => volumeView(volumeRecord(name, old)));
  const found = report({ volumes: odd });
  t.deepEqual(
    found.volumes.map(({ history, lastUse }) => [history, lastUse]),
    [
      [[], null],
      [[], null],
    ],
  );
  t.is(found.unused.volumes.length, 2);
  t.deepEqual(
    found.backup?.volumes.map(({ state }) => state),
    ["never", "never"],
  );
});

test("backups are late, never made, suspect or not asked for, and the worst come first", (t) => {
  const review = fortyDays(now);
  const backup = review.backup;
  t.truthy(backup);
  const old = { createdAt: "2026-01-01T00:00:00Z" };
  const off = volumeView(volumeRecord("off", { ...old, backup: "off" }));
  const weekly = volumeView(volumeRecord("weekly", { ...old, backup: "0 3 * * 0" }));
  const born = volumeView(volumeRecord("born", { createdAt: "2026-03-01T11:00:00Z" }));
  const all = backup && {
    ...backup,
    volumes: {
      ...backup.volumes,
      weekly: { app: "weekly", versions: 4, lastGood: "2026-02-23T03:00:00Z", suspect: null },
      db: { app: "shop", versions: 9, lastGood: null, suspect: "97 % of its files are gone" },
    },
  };
  const found = report({
    volumes: [...volumes, off, weekly, born],
    review: { ...review, backup: all },
  });
  t.deepEqual(
    found.backup?.volumes.map(({ volume, state }) => `${volume} ${state}`),
    [
      "db suspect",
      "zoo never",
      "old_wiki late",
      "blog_data ok",
      "weekly ok",
      "born new",
      "off off",
    ],
  );
  t.is(report({ review: { ...review, backup: null } }).backup, null);
});

test("what needs somebody is said first, problems before what should be looked at", (t) => {
  const texts = report().attention.map(({ level, text }) => `${level}: ${text}`);
  t.deepEqual(texts, [
    "problem: never backed up: zoo",
    "problem: could not be restored for practice: shop",
    "warning: nearly full: db",
    "warning: the last good backup is old: old_wiki",
    "warning: 1 volume unused for 30 d or longer, 120M in all. To see what to do: swarmnfs clean unused",
  ]);
});

test("a disk that fills, a storage that is away and a silent backup service are problems", (t) => {
  const review = fortyDays(now);
  const days = review.days.map((day, index) => ({ ...day, free: (45 - index) * 4 * G }));
  const health = { state: "ok" as const, total: 200 * G, free: 20 * G, notes: [] };
  const trouble = { reason: "it does not answer", since: "2026-03-01T12:00:00Z" };
  const backup = review.backup && { ...review.backup, seenAt: "2026-03-01T11:00:00Z" };
  const texts = report({
    review: { ...review, days, backup },
    status: { ...status, health, trouble, damaged: [{ file: "x.json", reason: "it is empty" }] },
  }).attention.map(({ text }) => text);
  t.is(texts[0], "the storage cannot be used since 2026-03-01T12:00:00Z: it does not answer");
  t.is(texts[1], "x.json cannot be read: it is empty");
  t.regex(texts[2] ?? "", /^the disk is full on 2026-03-06 \(in 5 d\) .* 20G are free$/);
  t.true(texts.some((text) => text.startsWith("the backup service (on node1) has shown no sign")));
});
