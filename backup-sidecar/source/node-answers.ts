import type { HookOutcome } from "../../service/hooks/hooks.ts";
import type { GivenHookAnswer, Holder } from "../../storage/records/hook-call.ts";
import type { HookHolders } from "../../storage/storage.ts";

/** How long nodes are waited for, milliseconds. */
export interface NodePatience {
  /** Until a node that has the volumes mounted says anything at all: a node at rest looks every ten seconds. */
  readonly noticeMs: number;
  /** Until it is done with what its containers ask for: a command of theirs may take a quarter of an hour. */
  readonly doneMs: number;
  /** A node that is at it says so every half minute: one that was silent for so long is lost. */
  readonly lostMs: number;
  readonly everyMs: number;
}

export const usualNodePatience: NodePatience = {
  noticeMs: 30_000,
  doneMs: 20 * 60_000,
  lostMs: 120_000,
  everyMs: 500,
};

/** Nodes that have the volumes mounted and said nothing yet. */
export function silentNodes(
  { live, leased }: HookHolders,
  answers: readonly GivenHookAnswer[],
): readonly Holder[] {
  // A server of ours knows which of its leases are of nodes that are there.
  const known = answers.find(({ holders }) => holders !== undefined)?.holders;
  const heard = new Set(answers.map(({ nodeId }) => nodeId));
  const holders = new Map((known ?? [...live, ...leased]).map((each) => [each.nodeId, each]));
  return [...holders.values()].filter(({ nodeId }) => !heard.has(nodeId));
}

/** Those that are at it. */
export function busyNodes(
  answers: readonly GivenHookAnswer[],
  states: readonly GivenHookAnswer["state"][],
  { lostMs }: NodePatience,
): readonly GivenHookAnswer[] {
  return answers.filter(({ state, ageMs }) => states.includes(state) && ageMs < lostMs);
}

/** What came of it before the backup. */
export function begunOutcome(
  holders: HookHolders,
  answers: readonly GivenHookAnswer[],
  { noticeMs }: NodePatience,
): HookOutcome {
  const silent = silentNodes(holders, answers).map(
    ({ node }) =>
      `node "${node}" has volumes of the app mounted and did not answer within ${Math.round(noticeMs / 1000)} s: what its containers ask for by their labels was not done, and this version may not be in step with them. Is its plugin running, and as new as this service?`,
  );
  const unfinished = answers
    .filter(({ state }) => state === "begun")
    .map(({ node }) => `node "${node}" did not get done with what its containers ask for`);
  const told = toldBy(answers);
  return {
    consistent: told.consistent && silent.length + unfinished.length === 0,
    notes: [...told.notes, ...silent, ...unfinished],
  };
}

/**
 * … and after it, of those that took part: what they said before counts where nothing is there any more. `early`: by id those
 * that were over before it was.
 */
export function endedOutcome(
  answers: readonly GivenHookAnswer[],
  tookPart: readonly GivenHookAnswer[],
  early: ReadonlySet<string>,
): HookOutcome {
  const last = new Map(answers.map((answer) => [answer.nodeId, answer]));
  const parts = tookPart.map((before) => last.get(before.nodeId) ?? before);
  const over = parts.filter(({ state }) => state === "over");
  const hasty = over
    .filter(({ nodeId }) => early.has(nodeId))
    .map(
      ({ node }) =>
        `on ${node}: its containers were brought back before the backup was done: this version may be inconsistent`,
    );
  const lost = parts
    .filter(({ state }) => state !== "over")
    .map(
      ({ node }) =>
        `node "${node}" was not heard of again: its plugin brings its containers back by itself, and nobody knows yet whether it did`,
    );
  const told = toldBy(over);
  return {
    consistent: told.consistent && hasty.length + lost.length === 0,
    notes: [...told.notes, ...hasty, ...lost],
  };
}

function toldBy(answers: readonly GivenHookAnswer[]): HookOutcome {
  return {
    consistent: answers.every(({ consistent }) => consistent),
    notes: answers.flatMap(({ node, notes }) => notes.map((note) => `on ${node}: ${note}`)),
  };
}
