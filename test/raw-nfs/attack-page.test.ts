import test from "ava";
import { attackPage } from "../lab/raw-nfs/attack-page.ts";
import type { Attempt } from "../lab/raw-nfs/errand.ts";
import { lootOf, refusalsOf } from "../lab/raw-nfs/loot.ts";

const refused: Attempt = {
  by: "handle: own fsid, file by inode",
  uid: 0,
  listed: null,
  read: null,
  wrote: false,
  refused: "PUTFH: NFS4ERR_STALE",
};
const robbed: Attempt = { ...refused, read: "the secret!", wrote: true, refused: null };
const fooled: Attempt = { ...refused, by: "/", listed: ["app1"], refused: "READ: NFS4ERR_ISDIR" };

test("loot is what belongs to the victim, and nothing else", (t) => {
  const report = { refused: null, attempts: [refused, robbed, { ...robbed, uid: 7 }, fooled] };
  t.deepEqual(
    [...lootOf(report, "file", "the secret")],
    [[robbed.by, new Set(["read", "written"])]],
  );
  t.is(lootOf(report, "app1", "something else").get("/")?.has("listed"), true);
});

test("refusals are told once, the most frequent first, or that nobody answered at all", (t) => {
  t.deepEqual(refusalsOf({ refused: null, attempts: [fooled, refused, robbed, refused] }), [
    "PUTFH: NFS4ERR_STALE",
    "READ: NFS4ERR_ISDIR",
  ]);
  t.deepEqual(refusalsOf({ refused: "login refused", attempts: [] }), ["login refused"]);
});

test("the page has a column for each raid and a row for each kind of attack", (t) => {
  const [fileName, secret] = ["file", "the secret"];
  const byParent = { ...refused, by: "handle: own fsid, file by inode and parent" };
  const page = attackPage({
    of: "A run.",
    raids: [
      {
        against: "plain",
        report: { refused: null, attempts: [robbed, byParent] },
        fileName,
        secret,
      },
      {
        against: "ours",
        report: { refused: null, attempts: [refused, byParent] },
        fileName,
        secret,
      },
      { against: "shut", report: { refused: "login refused", attempts: [] }, fileName, secret },
    ],
    cases: [{ attack: "a used token", against: "ours", outcome: "denied | 403" }],
  });
  t.deepEqual(
    page.split("\n").slice(-9),
    [
      "A run.",
      "",
      "| attack | plain | ours | shut |",
      "|---|---|---|---|",
      "| handle: own fsid, file | **read, written** | PUTFH: NFS4ERR_STALE | login refused |",
      "",
      "| attack | against | outcome |",
      "|---|---|---|",
      String.raw`| a used token | ours | denied \| 403 |`,
      "",
    ].slice(-9),
  );
});
