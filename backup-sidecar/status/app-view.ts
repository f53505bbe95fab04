import { rfc3339 } from "../../service/clock.ts";
import type { AppBackupView, AppState } from "../../storage/backup/verbs.ts";
import type { RunReport } from "../engine/run-report.ts";
import type { AppHistory, Verification } from "./app-history.ts";
import { type LateRules, type VolumeFacts, whatIsLate } from "./late.ts";

/** What is known of an app at this moment. */
export interface AppFacts {
  readonly app: string;
  /** Volumes that are backed up; none: everything of it is switched off. */
  readonly volumes: readonly VolumeFacts[];
  readonly history: AppHistory["known"];
  /** By volume: why its source looks destroyed, and nobody has confirmed that it is right. */
  readonly suspect: readonly { readonly volume: string; readonly reason: string }[];
  readonly running: boolean;
  /** Milliseconds since 1970: when it is backed up next. */
  readonly next: number | null;
}

const day = 86_400_000;
/** All data is read back within so many days. */
const verifyDays = 30;

/** An app as people are shown it. */
export function appView(facts: AppFacts, rules: LateRules): AppBackupView {
  const { app, volumes, history, next } = facts;
  const { state, reason } = stateOf(facts, rules);
  const last = history.verifications.at(-1);
  return {
    app,
    volumes: volumes.map(({ name }) => name),
    state,
    reason,
    lastGood: lastGoodOf(facts),
    lastRun: history.runs.at(-1) ?? null,
    snapshots: history.repository?.snapshots ?? null,
    stored: history.repository?.stored ?? null,
    verified: verifiedShare(history.verifications, rules.now),
    verification: last === undefined ? null : { at: last.at, ok: last.ok },
    drill: history.drill === null ? null : { at: history.drill.at, ok: history.drill.ok },
    next: next === null ? null : rfc3339(next),
  };
}

/** The worst that is true, and only `ok` when nothing is: what did not happen counts as well as what failed. */
function stateOf(facts: AppFacts, rules: LateRules): { state: AppState; reason: string | null } {
  const { app, volumes, history, suspect, running } = facts;
  const last = history.runs.at(-1);
  const [destroyed] = suspect;
  if (destroyed !== undefined)
    return {
      state: "suspect",
      reason: `${destroyed.volume}: ${destroyed.reason}. Nothing will be removed from its history until you run: swarmnfs backup confirm ${app}`,
    };
  const broken = history.verifications.at(-1);
  if (broken?.ok === false)
    return { state: "degraded", reason: broken.errors[0] ?? "its repository has damage" };
  if (last !== undefined && isBad(last.outcome) && !isConfirmed(last, history))
    return { state: last.outcome, reason: last.notes[0] ?? reasonIn(last.volumes) };
  // Another schedule's run that went well makes nothing good of it.
  for (const { name } of volumes) {
    const { outcome = "ok", reason = null, confirmedAt } = history.volumes[name] ?? {};
    if (isBad(outcome) && confirmedAt === undefined)
      return { state: outcome, reason: reason === null ? name : `${name}: ${reason}` };
  }
  if (history.drill?.ok === false)
    return { state: "degraded", reason: "the last restore for practice failed" };
  if (volumes.length === 0) return { state: "off", reason: null };
  const late = whatIsLate(app, volumes, history, rules);
  if (late !== null) return { state: "overdue", reason: late };
  if (running) return { state: "running", reason: null };
  if (volumes.some(({ name }) => history.volumes[name]?.confirmedAt !== undefined))
    return { state: "confirmed", reason: "it waits for its next run" };
  if (lastGoodOf(facts) === null) return { state: "never", reason: "not backed up yet" };
  return { state: "ok", reason: null };
}

type Outcome = RunReport["outcome"];

function isBad(outcome: Outcome): outcome is Exclude<Outcome, "ok" | "interrupted"> {
  return outcome !== "ok" && outcome !== "interrupted";
}

/** Whether a run found nothing worse than sources of which an administrator has said since that they are as they should be. */
function isConfirmed({ outcome, volumes }: RunReport, history: AppHistory["known"]): boolean {
  if (outcome !== "suspect") return false;
  const destroyed = volumes.filter((each) => each.outcome === "suspect");
  return destroyed.every(({ volume }) => history.volumes[volume]?.confirmedAt !== undefined);
}

/** Since when all volumes that were ever to be saved are well; null: one of them never was. */
function lastGoodOf({ volumes, history }: AppFacts): string | null {
  const known = volumes.flatMap(({ name }) => history.volumes[name] ?? []);
  const times = known.map(({ goodAt }) => goodAt);
  if (times.length === 0) return history.lastGood;
  return times.reduce((a, b) => (a === null || b === null ? null : a < b ? a : b));
}

function reasonIn(volumes: readonly { volume: string; reason: string | null }[]): string | null {
  const bad = volumes.find(({ reason }) => reason !== null);
  return bad === undefined ? null : `${bad.volume}: ${bad.reason}`;
}

/** Which share of all data was read back and found good within the last month. */
export function verifiedShare(
  verifications: readonly Verification[],
  now: number,
): AppBackupView["verified"] {
  const recent = verifications.filter(
    ({ ok, slice, at }) => ok && slice !== null && now - Date.parse(at) <= verifyDays * day,
  );
  if (recent.length === 0) return null;
  const counts = Map.groupBy(recent, ({ slice }) => slice?.of ?? 1);
  const shares = [...counts].map(
    ([of, each]) => new Set(each.map(({ slice }) => slice?.n)).size / of,
  );
  return { share: Math.min(1, Math.max(...shares)), days: verifyDays };
}
