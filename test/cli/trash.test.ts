import test from "ava";
import { Refusal } from "./fake-plugin.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, trash } from "./world.ts";

const [oldWiki = "", blogBefore = "", blogNewest = "", tmp = ""] = trash.map(({ id }) => id);

test("trash: by name, the newest first, and until when", says, {
  ...terminal,
  line: "trash",
  requests: ["Trash {}"],
  out: `
ENTRY                               APP    REMOVED    BY      PURGED
blog_data@20260301T091402Z-c0ffee   blog   3 h ago    node3   in 29 d
blog_data@20260227T121402Z-c0ffee   blog   2 d ago    node3   in 28 d
old_wiki@20260220T121402Z-c0ffee    wiki   9 d ago    node3   in 21 d
tmp@20260301T001402Z-c0ffee         tmp    12 h ago   node3   in 12 h
4 entries. To bring one back: swarmnfs trash undelete ENTRY
`,
});

test("trash: moments in a pipe", says, {
  line: "trash list",
  out: `
ENTRY                               APP    REMOVED                BY      PURGED
blog_data@20260301T091402Z-c0ffee   blog   2026-03-01T09:14:02Z   node3   2026-03-31T09:14:02Z
blog_data@20260227T121402Z-c0ffee   blog   2026-02-27T12:14:02Z   node3   2026-03-29T12:14:02Z
old_wiki@20260220T121402Z-c0ffee    wiki   2026-02-20T12:14:02Z   node3   2026-03-22T12:14:02Z
tmp@20260301T001402Z-c0ffee         tmp    2026-03-01T00:14:02Z   node3   2026-03-02T00:14:02Z
4 entries. To bring one back: swarmnfs trash undelete ENTRY
`,
});

test("trash: empty", says, {
  line: "trash",
  answers: { Trash: () => ({ entries: [] }) },
  out: `
The trash is empty
`,
});

test("trash --json is the whole answer", async (t) => {
  const said = await speak(t, ["trash", "--json"]);
  t.deepEqual(JSON.parse(said.out), { entries: trash });
});

test("undelete by a volume's name takes the newest entry and says which", says, {
  ...terminal,
  line: "trash undelete blog_data",
  requests: ["Trash {}", `Undelete {"entry":"${blogNewest}","as":null}`],
  out: `
"blog_data" is back, in app "blog", as it was when node3 removed it 3 h ago
  entry   blog_data@20260301T091402Z-c0ffee
It was the newest; 1 older entry of that name stays in the trash.
`,
});

test("undelete of an entry under another name", says, {
  line: `trash undelete ${blogBefore} --as blog_rescued`,
  requests: ["Trash {}", `Undelete {"entry":"${blogBefore}","as":"blog_rescued"}`],
  out: `
"blog_data" is back, as "blog_rescued", in app "blog", as it was when node3 removed it at 2026-02-27T12:14:02Z
  entry   blog_data@20260227T121402Z-c0ffee
`,
});

test("undelete --json says which entry, and the volume", async (t) => {
  const said = await speak(t, ["trash", "undelete", "blog_data", "--json"]);
  const { entry, volume } = JSON.parse(said.out);
  t.is(entry, blogNewest);
  t.is(volume.record.name, "blog_data");
});

test("undelete of something unknown names the nearest", says, {
  line: "trash undelete blog_dta",
  exit: 1,
  requests: ["Trash {}"],
  err: `
swarmnfs: nothing in the trash is called "blog_dta": the name of an entry or of a removed volume was expected. Did you mean "blog_data"? See: swarmnfs trash
`,
});

test("undelete passes on what the plugin says about a name that is taken", says, {
  ...terminal,
  line: "trash undelete old_wiki",
  answers: {
    ...answers,
    Undelete: () => {
      throw new Refusal(
        "conflict",
        '"old_wiki" exists again. Bring it back under another name: --as NAME',
        409,
      );
    },
  },
  exit: 1,
  err: `
swarmnfs: "old_wiki" exists again. Bring it back under another name: --as NAME
`,
});

test("purge shows what goes, asks, and goes on after a yes", async (t) => {
  const said = await speak(t, ["trash", "purge", "--older-than", "1d"], {
    ...terminal,
    typed: "yes",
  });
  t.is(
    said.out,
    `ENTRY                               APP    REMOVED   BY      PURGED
blog_data@20260227T121402Z-c0ffee   blog   2 d ago   node3   in 28 d
old_wiki@20260220T121402Z-c0ffee    wiki   9 d ago   node3   in 21 d
2 entries to be destroyed for good: nothing brings them back.
2 entries purged
`,
  );
  t.is(said.exit, 0);
  t.deepEqual(said.asked, ["Destroy them? Type yes: "]);
  t.deepEqual(said.plugin.requests, [
    "Trash {}",
    `Purge {"entries":["${blogBefore}"]}`,
    `Purge {"entries":["${oldWiki}"]}`,
  ]);
});

for (const typed of ["", "no", "yess"]) {
  test(`purge destroys nothing after "${typed}"`, says, {
    ...terminal,
    typed,
    line: `trash purge ${tmp}`,
    exit: 1,
    requests: ["Trash {}"],
    out: `
ENTRY                         APP   REMOVED    BY      PURGED
tmp@20260301T001402Z-c0ffee   tmp   12 h ago   node3   in 12 h
1 entry to be destroyed for good: nothing brings it back.
Nothing was purged.
`,
    err: typed === "" ? "\n\n" : "",
  });
}

test("purge in a pipe needs --yes", says, {
  line: "trash purge --all",
  exit: 2,
  requests: [],
  err: `
swarmnfs: purging destroys data for good, and nobody can be asked here. If it is meant, add --yes.
  See: swarmnfs trash purge --help
`,
});

test("purge --json never asks, even on a terminal", async (t) => {
  const said = await speak(t, ["trash", "purge", "--all", "--json"], { ...terminal, typed: "yes" });
  t.is(said.exit, 2);
  t.deepEqual(said.asked, []);
  t.is(JSON.parse(said.err).error.code, "invalid");
});

test("purge --all --yes in a pipe", says, {
  line: "trash purge --all --yes",
  answers: { ...answers, Trash: () => ({ entries: trash.slice(0, 1) }) },
  out: `
ENTRY                              APP    REMOVED                BY      PURGED
old_wiki@20260220T121402Z-c0ffee   wiki   2026-02-20T12:14:02Z   node3   2026-03-22T12:14:02Z
1 entry to be destroyed for good: nothing brings it back.
1 entry purged
`,
});

test("purge of nothing is fine", says, {
  line: "trash purge --older-than 52w --yes",
  requests: ["Trash {}"],
  out: `
Nothing to purge
`,
});

test("purge that is partly done says what is left and exits with 3", async (t) => {
  const said = await speak(t, ["trash", "purge", "--all", "--yes"], {
    answers: {
      ...answers,
      Purge: ({ entries }) => {
        if (entries[0] === blogBefore)
          throw new Refusal("in-use", "another node is purging it", 409);
        return { purged: entries[0] === tmp ? [] : entries };
      },
    },
  });
  t.is(said.exit, 3);
  t.is(
    said.err,
    `swarmnfs: purging ${blogBefore} failed: another node is purging it
swarmnfs: purging ${tmp} failed: it was not in the trash any more
`,
  );
  t.is(said.out.split("\n").at(-2), "2 entries purged, 2 not");
});

test("purge gives up when the plugin stops answering", async (t) => {
  const said = await speak(t, ["trash", "purge", "--all", "--yes", "--json"], {
    answers: { ...answers, Purge: () => new Promise(() => {}) },
    surroundings: { limits: { doctor: 1000, other: 1000 } },
  });
  t.is(said.exit, 1);
  const { purged, failed } = JSON.parse(said.out);
  t.deepEqual(purged, []);
  t.deepEqual(
    failed.map((failure: { code: string }) => failure.code),
    ["unavailable", "not-tried", "not-tried", "not-tried"],
  );
});

for (const [words, message] of [
  ["", "say what to purge: names of entries, --older-than AGE, or --all. See: swarmnfs trash"],
  [
    "--all --older-than 7d",
    "names of entries, --older-than and --all exclude each other: use one of them.",
  ],
  ["tmp --all", "names of entries, --older-than and --all exclude each other: use one of them."],
  ["--older-than soon", '"soon" is not an age: write a number with m, h, d or w, like 7d'],
] as const) {
  test(`purge refuses: ${words}`, says, {
    line: `trash purge ${words} --yes`.replace("  ", " "),
    exit: 2,
    requests: [],
    err: `
swarmnfs: ${message}
  See: swarmnfs trash purge --help
`,
  });
}

test("purge wants an entry, since a volume's name may mean several", says, {
  line: "trash purge blog_data --yes",
  exit: 2,
  requests: ["Trash {}"],
  err: `
swarmnfs: "blog_data" is a volume, and the name of an entry was expected. In the trash of that name: ${blogNewest}, ${blogBefore}
`,
});

test("purge of an unknown entry destroys none of the others", says, {
  line: `trash purge ${tmp} nothing --yes`,
  exit: 1,
  requests: ["Trash {}"],
  err: `
swarmnfs: nothing in the trash is called "nothing": the name of an entry or of a removed volume was expected. See: swarmnfs trash
`,
});
