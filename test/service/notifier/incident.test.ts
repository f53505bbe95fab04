import test from "ava";
import {
  type Incident,
  incidentSchema,
  nextIncidents,
  type Problem,
} from "../../../service/notifier/incident.ts";

const hour = 3_600_000;
const rules = { channels: ["mail", "ntfy"], repeatMs: 24 * hour, calmMs: 0 };
const problem: Problem = { key: "failed blog", title: "The backup of blog failed", text: "no" };

function told(incidents: readonly Incident[]): Incident[] {
  return incidents.map((incident) => ({ ...incident, pending: [], known: true }));
}

test("a problem is told once to everybody when it begins, and not again while it is the same", (t) => {
  const first = nextIncidents([], [problem], 0, rules);
  t.like(first, [{ kind: "opened", pending: ["mail", "ntfy"], openedAt: 0 }]);
  t.like(nextIncidents(told(first), [problem], hour, rules), [{ kind: "opened", pending: [] }]);
});

test("a problem that lasts is told again rarely", (t) => {
  const first = told(nextIncidents([], [problem], 0, rules));
  const later = nextIncidents(first, [problem], 24 * hour, rules);
  t.like(later, [{ kind: "repeated", pending: ["mail", "ntfy"], openedAt: 0 }]);
  t.like(nextIncidents(told(later), [problem], 25 * hour, rules), [{ pending: [] }]);
});

test("a problem that is over is told once, and then forgotten", (t) => {
  const first = told(nextIncidents([], [problem], 0, rules));
  const over = nextIncidents(first, [], hour, rules);
  t.like(over, [{ kind: "resolved", resolvedAt: hour, pending: ["mail", "ntfy"] }]);
  t.deepEqual(nextIncidents(told(over), [], 2 * hour, rules), []);
});

test("a problem that nobody heard of is not told to be over", (t) => {
  const first = nextIncidents([], [problem], 0, rules);
  t.deepEqual(nextIncidents(first, [], hour, rules), []);
});

test("a problem that comes again before people knew that it was over begins anew", (t) => {
  const first = told(nextIncidents([], [problem], 0, rules));
  const over = nextIncidents(first, [], hour, rules);
  t.like(nextIncidents(over, [problem], 2 * hour, rules), [
    { kind: "opened", openedAt: 2 * hour, resolvedAt: null },
  ]);
});

test("whoever could not be reached is tried again, and given up a day after it is over", (t) => {
  const [incident] = told(nextIncidents([], [problem], 0, rules));
  const first = incident === undefined ? [] : [{ ...incident, pending: ["mail"] }];
  t.like(nextIncidents(first, [problem], 48 * hour, rules), [
    { kind: "opened", pending: ["mail"] },
  ]);
  const over = nextIncidents(first, [], 49 * hour, rules);
  t.is(nextIncidents(over, [], 50 * hour, rules).length, 1);
  t.deepEqual(nextIncidents(over, [], 74 * hour, rules), []);
});

test("without anybody to be told, the log still hears of the end", (t) => {
  const nobody = { channels: [], repeatMs: 0, calmMs: 0 };
  const first = nextIncidents([], [problem], 0, nobody);
  t.like(nextIncidents(first, [], hour, nobody), [{ kind: "resolved" }]);
});

test("a problem that gets worse is told again at once, and not when it only gets less bad", (t) => {
  const nearly = { key: "disk", title: "The disk is nearly full", text: "", severity: 1 };
  const full = { ...nearly, title: "The disk is full", severity: 2 };
  const first = told(nextIncidents([], [nearly], 0, rules));
  const worse = nextIncidents(first, [full], hour, rules);
  t.like(worse, [{ kind: "worse", title: full.title, pending: ["mail", "ntfy"], openedAt: 0 }]);
  const better = nextIncidents(told(worse), [nearly], 2 * hour, rules);
  t.like(better, [{ title: nearly.title, pending: [] }]);
  t.like(nextIncidents(better, [full], 3 * hour, rules), [{ title: full.title, pending: [] }]);
});

test("a problem that comes and goes is one, and over when it has been gone for a while", (t) => {
  const calm = { ...rules, calmMs: hour };
  const first = told(nextIncidents([], [problem], 0, calm));
  const gone = nextIncidents(first, [], hour, calm);
  t.like(gone, [{ kind: "opened", pending: [], resolvedAt: null }]);
  const again = nextIncidents(gone, [problem], hour + 1, calm);
  t.like(again, [{ kind: "opened", pending: [], goneAt: null }]);
  const goneAgain = nextIncidents(again, [], 2 * hour, calm);
  t.like(nextIncidents(goneAgain, [], 3 * hour, calm), [
    { kind: "resolved", pending: ["mail", "ntfy"] },
  ]);
});

test("incidents of an earlier version are understood", (t) => {
  const times = { openedAt: 0, resolvedAt: null, toldAt: 0 };
  const older = { ...problem, ...times, kind: "opened", pending: [], known: true };
  t.like(incidentSchema.parse(older), { key: problem.key, severity: 0, goneAt: null });
});

test("a problem that is to last before it is told is told then, with when it began", (t) => {
  const patient = { ...problem, afterMs: hour };
  const first = nextIncidents([], [patient], 0, rules);
  t.like(first, [{ pending: [], known: false }]);
  t.deepEqual(nextIncidents(first, [], 1, rules), [], "it came and went");
  const later = nextIncidents(first, [patient], hour - 1, rules);
  t.like(later, [{ pending: [] }]);
  const due = nextIncidents(later, [patient], hour, rules);
  t.like(due, [{ kind: "opened", openedAt: 0, toldAt: hour, pending: ["mail", "ntfy"] }]);
  t.like(nextIncidents(told(due), [patient], hour + 1, rules), [{ kind: "opened", pending: [] }]);
});
