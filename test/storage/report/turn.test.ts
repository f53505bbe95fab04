import test from "ava";
import type { ReportTurn } from "../../../storage/records/report-turn.ts";
import { arrived, turnStep, type TurnStep } from "../../../storage/report/turn.ts";
import { node1, node2 } from "../conformance.ts";

const minute = 60_000;
const hour = 60 * minute;
/** A Monday at seven, and the one after. */
const monday = new Date(2026, 2, 2, 7).getTime();
const week = 7 * 24 * hour;

function step(turn: ReportTurn | null, now: number, by = node1, channels = ["mail"]): TurnStep {
  return turnStep(turn, { cron: "0 7 * * 1", now, by, channels });
}

function begun(now: number): ReportTurn {
  const { next } = step(null, now);
  if (next === null) throw new Error("nothing was begun");
  return next;
}

function due(channels = ["mail"]): ReportTurn {
  const { next } = step(begun(monday - hour), monday + minute, node1, channels);
  if (next === null) throw new Error("nothing is due");
  return next;
}

test("the first time counts from when somebody asks first, and nothing is sent before", (t) => {
  const first = step(null, monday - 2 * hour);
  t.deepEqual(first.by, []);
  t.is(first.lookAt, monday);
  t.is(first.next?.revision, 1);
  t.deepEqual(step(first.next, monday - minute), { next: null, by: [], lookAt: monday });
  t.deepEqual(step(first.next, monday).by, ["mail"]);
});

test("what was sent is due again at the next time, and not before", (t) => {
  const sent = arrived(due(), "mail");
  t.deepEqual(sent.pending, []);
  t.is(step(sent, monday + hour).next, null);
  t.deepEqual(step(sent, monday + hour, node2).by, []);
  t.deepEqual(step(sent, monday + week).by, ["mail"]);
});

test("of those that were missed one is sent", (t) => {
  const long = step(begun(monday - hour), monday + 5 * week + hour);
  t.deepEqual(long.by, ["mail"]);
  const sent = arrived(long.next ?? due(), "mail");
  t.is(step(sent, monday + 5 * week + 2 * hour).next, null);
});

test("whom it has not reached is tried again by the same node at once, by another when that is silent", (t) => {
  const pending = due(["mail", "ntfy"]);
  const half = arrived(pending, "mail");
  t.deepEqual(step(half, monday + 2 * minute, node1, ["mail", "ntfy"]).by, ["ntfy"]);
  t.deepEqual(step(half, monday + 2 * minute, node2, ["ntfy"]).by, []);
  const taken = step(half, monday + 20 * minute, node2, ["ntfy"]);
  t.deepEqual(taken.by, ["ntfy"]);
  t.is(taken.next?.nodeId, node2.id);
  // It could not reach those that are left.
  t.deepEqual(step(half, monday + 20 * minute, node2, ["slack"]).by, []);
});

test("a node whose settings have changed meanwhile sends to those that it has now", (t) => {
  const { next, by } = step(due(["mail"]), monday + 5 * minute, node1, ["slack"]);
  t.deepEqual(by, ["slack"]);
  t.deepEqual(next?.pending, ["slack"]);
});

test("what nobody took for a day is given up, and the next one is sent", (t) => {
  const { next, by } = step(due(), monday + 25 * hour);
  t.deepEqual(by, []);
  t.deepEqual(next?.pending, []);
  t.deepEqual(step(next, monday + week).by, ["mail"]);
});

test("a turn that a wrong clock wrote keeps nothing waiting", (t) => {
  const future = begun(monday + 500 * week);
  const { next, by } = step(future, monday - hour);
  t.deepEqual(by, []);
  t.deepEqual(step(next, monday).by, ["mail"]);
});
