import test from "ava";
import { volumeRecord } from "../../storage/records/volume-record.ts";
import { Refusal } from "../fake-plugin.ts";
import { fortyDays } from "../history.ts";
import { says, terminal } from "../says.ts";
import { speak } from "../spoken.ts";
import { answers, now, volumes, volumeView } from "../world.ts";

const old = "2026-01-02T12:00:00Z";
const made = { createdAt: "2026-01-01T00:00:00Z" };
const wikiId = "01953f5e-0000-7000-8000-000000000000";

/** Volumes that stay for reasons of their own, beside one that can go. */
const several = {
  ...answers,
  Volumes: () => ({
    volumes: [
      ...volumes,
      volumeView(volumeRecord("dear", made), { used: 10 }),
      volumeView(volumeRecord("kept", { ...made, onRemove: "retain" }), { used: 20 }),
      volumeView(volumeRecord("never", made), { used: 30 }),
      volumeView(volumeRecord("second", { ...made, app: "wiki" }), { used: 40 }),
    ],
  }),
  Review: () => {
    const review = fortyDays(now);
    return {
      ...review,
      lastUse: { ...review.lastUse, dear: old, kept: old, second: old },
      labels: { dear: { "swarmnfs.keep": "" }, second: { stage: "test" } },
    };
  },
};

test("clean: what could go, and nothing is asked for", says, {
  ...terminal,
  line: "clean",
  out: `
TRASH: nothing
  4 more in the trash, which go by themselves when their time has come

UNUSED VOLUMES
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   41 d ago
1 volume, 120M: to the trash, from where they can be brought back
  looked at: no service of the swarm and no container of this node wants them

Nothing was removed. To remove some of it, say which: swarmnfs clean unused
`,
});

test("clean unused: shown first, and removed when somebody says yes", says, {
  ...terminal,
  line: "clean unused",
  typed: "yes",
  requests: [
    `Review {"since":"2026-03-01T12:14:02.000Z"}`,
    "Volumes {}",
    `RemoveUnused {"name":"old_wiki","id":"${wikiId}","lastUse":"2026-01-19T12:00:00Z"}`,
  ],
  out: `
UNUSED VOLUMES
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   41 d ago
1 volume, 120M: to the trash, from where they can be brought back
  looked at: no service of the swarm and no container of this node wants them

1 volume, 120M removed
`,
});

test("clean unused: what stays, and why", says, {
  ...terminal,
  line: "clean unused",
  answers: several,
  out: `
UNUSED VOLUMES
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   41 d ago
second     wiki   40     58 d ago
2 volumes, 120M: to the trash, from where they can be brought back
  looked at: no service of the swarm and no container of this node wants them
  "dear" stays: it has the label swarmnfs.keep
  "kept" stays: it has on-remove=retain, and would stay where it is
  "never" stays: it was never seen mounted, which may have been forgotten. If it is meant: swarmnfs
  volumes rm

Nothing was removed. To remove it: the same with --yes
`,
});

test("clean without anybody to ask removes nothing", says, {
  line: "clean unused trash --older-than 7d",
  answers: several,
  out: `
TRASH
ENTRY                              APP    REMOVED                PURGED
old_wiki@20260220T121402Z-c0ffee   wiki   2026-02-20T12:14:02Z   2026-03-22T12:14:02Z
1 entry: destroyed for good
  3 more in the trash, which go by themselves when their time has come

UNUSED VOLUMES
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   2026-01-19T12:00:00Z
second     wiki   40     2026-01-02T12:00:00Z
2 volumes, 120M: to the trash, from where they can be brought back
  looked at: no service of the swarm and no container of this node wants them
  "dear" stays: it has the label swarmnfs.keep
  "kept" stays: it has on-remove=retain, and would stay where it is
  "never" stays: it was never seen mounted, which may have been forgotten. If it is meant: swarmnfs volumes rm
  "zoo" stays: it was never seen mounted, which may have been forgotten. If it is meant: swarmnfs volumes rm

Nothing was removed. To remove it: the same with --yes
`,
});

test("clean: what came into use meanwhile stays, and the rest goes", says, {
  line: "clean unused --yes",
  answers: {
    ...several,
    RemoveUnused: ({ name }) => {
      if (name === "second")
        throw new Refusal("in-use", '"second" is in use by now, on node3', 409);
      return { outcome: null };
    },
  },
  exit: 3,
  out: `
UNUSED VOLUMES
VOLUME     APP    USED   LAST MOUNTED
old_wiki   wiki   120M   2026-01-19T12:00:00Z
second     wiki   40     2026-01-02T12:00:00Z
2 volumes, 120M: to the trash, from where they can be brought back
  looked at: no service of the swarm and no container of this node wants them
  "dear" stays: it has the label swarmnfs.keep
  "kept" stays: it has on-remove=retain, and would stay where it is
  "never" stays: it was never seen mounted, which may have been forgotten. If it is meant: swarmnfs volumes rm

1 volume, 120M removed, 1 not
`,
  err: `
swarmnfs: second stays: "second" is in use by now, on node3
`,
});

test("clean: filters pick, by app and by label", async (t) => {
  const shown = async (line: string): Promise<unknown[]> => {
    const { out } = await speak(t, [...line.split(" "), "--json"], { answers: several });
    const { found } = JSON.parse(out) as { found: { things: { name: string }[] }[] };
    return found.map(({ things }) => things.map(({ name }) => name));
  };
  t.deepEqual(await shown("clean unused"), [["old_wiki", "second"]]);
  t.deepEqual(await shown("clean unused --filter label=stage"), [["second"]]);
  t.deepEqual(await shown("clean unused --filter label=stage=test"), [["second"]]);
  t.deepEqual(await shown("clean unused --filter label=stage=live"), [[]]);
  t.deepEqual(await shown("clean unused --filter app=wiki --older-than 50d"), [["second"]]);
  t.deepEqual(await shown("clean --filter label=stage"), [["second"]], "the trash has no labels");
});

test("clean --json --yes says what became of each", async (t) => {
  const { out, exit } = await speak(t, ["clean", "unused", "--json", "--yes"]);
  t.is(exit, 0);
  t.like(JSON.parse(out), { removed: [{ name: "old_wiki", failure: null }] });
});

test("clean trash destroys what is past its time, and what is older than was said", async (t) => {
  const none = await speak(t, ["clean", "trash", "--yes"]);
  t.regex(none.out, /^TRASH: nothing\n {2}4 more in the trash, which go by themselves/);
  const { out, plugin } = await speak(t, ["clean", "trash", "--older-than", "7d", "--yes"]);
  t.regex(out, /1 entry removed\n$/);
  t.deepEqual(plugin.requests, [
    "Trash {}",
    'Purge {"entries":["old_wiki@20260220T121402Z-c0ffee"]}',
  ]);
});

test("clean docker: of this node's Docker what nothing uses", says, {
  ...terminal,
  line: "clean docker --yes",
  requests: [
    'DockerWaste {"before":"2026-02-22T12:14:02Z"}',
    'RemoveWaste {"kind":"container","id":"c0ffee","before":"2026-02-22T12:14:02Z"}',
    'RemoveWaste {"kind":"build-cache","id":"build-cache","before":"2026-02-22T12:14:02Z"}',
  ],
  out: `
DOCKER'S WASTE ON THIS NODE
KIND          NAME       SIZE   SINCE
container     old_job    5.0M   28 d ago
build cache   12 steps   3.0G   9 d ago
2 things, 3.0G: removed by Docker for good

2 things, 3.0G removed
`,
});

test("clean staging: what was given up on the storage", says, {
  ...terminal,
  line: "clean staging --older-than 2h --yes",
  requests: [
    'Staging {"before":"2026-03-01T10:14:02.000Z"}',
    'RemoveStaging {"name":"fill-01953f5e-0000-7000-8000-000000000000-x","before":"2026-03-01T10:14:02.000Z"}',
  ],
  out: `
ABANDONED STAGING
NAME                                          SIZE   FILES   SINCE
fill-01953f5e-0000-7000-8000-000000000000-x   2.0G   5,204   2 d ago
1 leftover, 2.0G: destroyed for good

1 leftover, 2.0G removed
`,
});

test("clean docker --filter takes what has the label", async (t) => {
  const { out } = await speak(t, ["clean", "docker", "--filter", "label=stage", "--json"]);
  t.like(JSON.parse(out), { found: [{ sort: "docker", things: [{ id: "c0ffee" }] }] });
});

for (const [line, message] of [
  [
    "clean dust",
    /"dust" is nothing that can be cleaned up: trash, unused, staging, docker were expected/,
  ],
  ["clean --yes", /say what to clean up with --yes/],
  ["clean unused --filter size=1", /"size=1" is no filter/],
  ["clean docker --filter app=a", /"docker" cannot be filtered by app=/],
  ["clean trash --filter label=a", /"trash" cannot be filtered by label=/],
  ["clean unused --older-than soon", /"soon" is not an age/],
] as const)
  test(`refused: swarmnfs ${line}`, async (t) => {
    const { err, exit, plugin } = await speak(t, line.split(" "));
    t.regex(err, message);
    t.is(exit, 2);
    t.deepEqual(plugin.requests, []);
  });
