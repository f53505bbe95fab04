import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { fortyDays } from "../history.ts";
import { says, terminal } from "../says.ts";
import { speak } from "../spoken.ts";
import { answers, now } from "../world.ts";

test("report: what needs somebody, and what fills the storage", says, {
  ...terminal,
  line: "report",
  requests: ['Review {"since":"2025-12-01T12:14:02.000Z"}', "Volumes {}", "Trash {}", "Status {}"],
  out: `
dir:///srv/swarm, as node2 sees it
  disk      43G of 200G used (22 %), +520M a day, full on 2027-01-04 if it goes on so
  volumes   4 volumes, 43G used, 1 not counted yet
  history   40 days, 2026-01-21 to 2026-03-01
  ✘ never backed up: zoo
  ✘ could not be restored for practice: shop
  ! nearly full: db
  ! the last good backup is old: old_wiki
  ! 1 volume unused for 30 d or longer, 120M in all. To see what to do: swarmnfs clean unused

LARGEST VOLUMES
VOLUME      APP    USED   SIZE   %    GROWTH               FULL
db          shop   41G    50G    82   +512M a day          in 18 d
blog_data   blog   2.0G   10G    20   +20M a day           in 410 d
old_wiki    wiki   120M   –      –    steady               –
zoo         zoo    –      –      –    too little history   –

GROWING MOST
VOLUME      APP    GROWTH        USED
db          shop   +512M a day   41G
blog_data   blog   +20M a day    2.0G

UNUSED FOR 30 D (no service of the swarm and no container of this node wants them)
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   41 d ago

TRASH: 4 entries, the next is purged in 12 h. See: swarmnfs trash

OTHER THAN DOCKER WAS ASKED FOR ON THIS NODE
VOLUME      DIFFERENCE
blog_data   size=20G was asked for on this node, and it is 10G

BACKUP (on node1)
VOLUME      LAST GOOD   VERSIONS   DRILL OF ITS APP   STATE
zoo         –           0          –                  never
old_wiki    2 d ago     30         –                  late
blog_data   3 h ago     212        5 d ago            ok
db          3 h ago     180        5 d ago, failed    ok
`,
});

test("report: a storage that is new", says, {
  ...terminal,
  line: "report --since 2w",
  answers: {
    ...answers,
    Volumes: () => ({ volumes: [] }),
    Trash: () => ({ entries: [] }),
    Review: () => ({
      ...fortyDays(now),
      days: [],
      volumes: {},
      backup: null,
      wanted: { scope: "none", by: {} },
    }),
  },
  out: `
dir:///srv/swarm, as node2 sees it
  disk      43G of 200G used (22 %), too little history
  volumes   0 volumes, 0 used
  history   none yet: a day is written down once a day, and trends need five of them

BACKUP: there is no backup service. See docs/backup.md
`,
});

test("report --json is every volume with every day", async (t) => {
  const { out, exit } = await speak(t, ["report", "--json"]);
  const found = JSON.parse(out) as { volumes: { volume: string; history: unknown[] }[] };
  t.is(exit, 0);
  t.deepEqual(
    found.volumes.map(({ volume, history }) => [volume, history.length]),
    [
      ["db", 40],
      ["blog_data", 40],
      ["old_wiki", 40],
      ["zoo", 0],
    ],
  );
});

test("report --html writes a file for everybody to read, and says where it is", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-report-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "report.html");
  const { out, exit } = await speak(t, ["report", "--html", file]);
  t.is(exit, 0);
  t.is(out, `The report is in ${file}. It needs nothing else: open it in any browser.\n`);
  t.regex(await readFile(file, "utf8"), /^<!doctype html>/);
  t.is((await stat(file)).mode & 0o777, 0o644);
});

test("report --html where nothing can be written", says, {
  line: "report --html /nowhere/report.html",
  exit: 2,
  err: `
swarmnfs: the page could not be written to "/nowhere/report.html": ENOENT: no such file or directory. Give --html a file in a directory that exists and can be written to
`,
});

test("report --html and --json are two things", says, {
  line: "report --html x --json",
  exit: 2,
  err: `
{
  "error": {
    "code": "invalid",
    "message": "--html and --json exclude each other: use one of them."
  }
}
`,
});
