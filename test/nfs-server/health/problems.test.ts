import test from "ava";
import { problemsOf, type Seen } from "../../../nfs-server/health/problems.ts";

const now = Date.parse("2026-03-01T12:00:00Z");
const long = "2026-03-01T11:00:00Z";
const nothing: Seen = { report: { checks: [] }, disk: null, nodes: [], heardForMs: Infinity, now };
const node = { id: "1", name: "node1", seenAt: long, fencedBecause: null, leases: 2 };

function check(name: string, state: "ok" | "degraded" | "failed", since = long): Seen {
  return {
    ...nothing,
    report: { checks: [{ name, state, reason: `${name} is ${state}`, since }] },
  };
}

function at(free: number, state: "degraded" | "failed" = "degraded"): unknown {
  return problemsOf({ ...check("disk", state), disk: { total: 100, free } });
}

test("nothing is told while all is well", (t) => {
  t.deepEqual(problemsOf(nothing), []);
  t.deepEqual(problemsOf(check("nfsd", "ok")), []);
  t.deepEqual(problemsOf({ ...nothing, nodes: [{ ...node, state: "live" }] }), []);
});

test("every check that is not well is told with its reason, a failed one as worse", (t) => {
  for (const name of ["address", "nfsd", "nfsdcld", "exports", "clock", "firewall", "isolation"]) {
    t.like(problemsOf(check(name, "degraded")), [
      { key: `check ${name}`, text: `${name} is degraded`, severity: 1 },
    ]);
    t.like(problemsOf(check(name, "failed")), [{ key: `check ${name}`, severity: 3 }]);
  }
});

test("what mends itself within a minute is not told, but that apps reach each other is at once", (t) => {
  const since = "2026-03-01T11:59:30Z";
  t.deepEqual(problemsOf(check("nfsd", "failed", since)), []);
  t.is(problemsOf(check("isolation", "failed", since)).length, 1);
});

test("a disk that fills is one problem that gets worse at 80 %, at 90 % and when it is full", (t) => {
  t.like(at(18), [{ key: "check disk", title: "The data disk is nearly full", severity: 1 }]);
  t.like(at(9), [{ key: "check disk", title: "The data disk is 90 % full", severity: 2 }]);
  t.like(at(0, "failed"), [{ title: "The data disk cannot be written to", severity: 3 }]);
});

test("a node is told when it was silent for ten minutes, and a fenced one at once", (t) => {
  const silent = { ...node, state: "silent" as const };
  const before = [{ ...silent, seenAt: "2026-03-01T11:51:00Z" }];
  t.deepEqual(problemsOf({ ...nothing, nodes: before }), []);
  t.like(problemsOf({ ...nothing, nodes: [silent] }), [
    { key: "silent 1", title: 'Node "node1" has not been heard of' },
  ]);
  const fenced = { ...node, state: "fenced" as const, fencedBecause: "db was needed on node2" };
  const [problem] = problemsOf({ ...nothing, nodes: [fenced] });
  t.is(problem?.title, 'Node "node1" is fenced');
  t.regex(problem?.text ?? "", /^db was needed on node2\. /);
});

test("after a restart nobody is taken for silent who has had no ten minutes to call", (t) => {
  const silent = { ...nothing, nodes: [{ ...node, state: "silent" as const }] };
  t.deepEqual(problemsOf({ ...silent, heardForMs: 5 * 60_000 }), []);
  t.is(problemsOf({ ...silent, heardForMs: 11 * 60_000 }).length, 1);
});

test("when no node at all is heard of, that is one message", (t) => {
  const nodes = ["1", "2", "3"].map((id) =>
    Object.assign({}, node, { id, state: "silent" as const }),
  );
  t.deepEqual(
    problemsOf({ ...nothing, nodes }).map(({ key }) => key),
    ["silent all"],
  );
  const withLive = [...nodes, { ...node, id: "4", state: "live" as const }];
  t.is(problemsOf({ ...nothing, nodes: withLive }).length, 3);
});
