import test from "ava";
import { type NodeSight, problemsOf } from "../../plugin/problems.ts";

const now = Date.parse("2026-03-01T12:00:00Z");
const day = 86_400_000;
const well: NodeSight = {
  node: "node1",
  url: "swarmnfs://storage1",
  trouble: null,
  guard: null,
  failing: new Map(),
  fenced: false,
  certifiedUntil: now + 40 * day,
  names: [{ level: "ok", title: 'this node is "node1"' }],
  isCopy: false,
  now,
};
const failed = { times: 5, since: 0, last: 90_000, reason: "mount.nfs4: Stale file handle" };

test("a node where all is well has nothing to tell", (t) => {
  t.deepEqual(problemsOf(well), []);
});

for (const [what, changed, problem] of [
  [
    "a storage that does not answer, after five minutes",
    { trouble: { reason: "storage1 does not answer", since: "2026-03-01T11:59:00Z" } },
    { key: "storage", severity: 2, afterMs: 300_000 },
  ],
  ["that it is fenced, at once", { fenced: true }, { key: "fenced", afterMs: undefined }],
  [
    "a guard that does not stand, after three minutes",
    { guard: "the guard cannot be set up: nft is missing" },
    { key: "guard", afterMs: 180_000 },
  ],
  [
    "a certificate that nobody renews",
    { certifiedUntil: now + 13 * day },
    { key: "certificate", severity: 1 },
  ],
  [
    "… as worse when it ends soon",
    { certifiedUntil: now + 2 * day },
    { key: "certificate", severity: 2 },
  ],
  ["… and when it has ended", { certifiedUntil: now - day }, { key: "certificate", severity: 2 }],
  ["that it is a copy of another machine", { isCopy: true }, { key: "copy" }],
  [
    "that two nodes have one name",
    {
      names: [{ level: "warning", title: 'two nodes call themselves "node1"', advice: "Set it." }],
    },
    { title: 'Two nodes call themselves "node1"', text: "Set it.", afterMs: 180_000 },
  ],
  [
    "a volume that could not be mounted again and again",
    { failing: new Map([["db", failed]]) },
    { key: "mount db", title: '"db" cannot be mounted on node "node1"' },
  ],
] as const) {
  test(`a node tells ${what}`, (t) => {
    const problems = problemsOf({ ...well, ...changed });
    t.is(problems.length, 1);
    t.like(problems[0], problem);
    t.regex(problems[0]?.title ?? "", /^["A-Z]/);
  });
}

test("a mount that failed once or twice, or for some seconds, is not told", (t) => {
  for (const few of [
    { ...failed, times: 2 },
    { ...failed, last: 30_000 },
  ])
    t.deepEqual(problemsOf({ ...well, failing: new Map([["db", few]]) }), []);
});

test("many volumes that cannot be mounted are one message, and none while the storage is away", (t) => {
  const failing = new Map(["a", "b", "c", "d"].map((name) => [name, failed]));
  t.like(problemsOf({ ...well, failing }), [
    { key: "mounts", title: '4 volumes cannot be mounted on node "node1"' },
  ]);
  const trouble = { reason: "away", since: "" };
  t.deepEqual(
    problemsOf({ ...well, failing, trouble }).map(({ key }) => key),
    ["storage"],
  );
});
