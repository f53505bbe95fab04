import { formatDuration } from "../../service/age.ts";
import { rfc3339 } from "../../service/clock.ts";
import type { AppBackupView, AppState } from "../../storage/backup/verbs.ts";
import type { AppHistory, Verification } from "./app-history.ts";

/** What is known of an app at this moment. */
export interface AppFacts {
  readonly app: string;
  /** Volumes that are backed up; none: everything of it is switched off. */
  readonly volumes: readonly string[];
  readonly history: AppHistory["known"];
  /** By volume: why its source looks destroyed, and nobody has confirmed that it is right. */
  readonly suspect: readonly { readonly volume: string; readonly reason: string }[];
  readonly running: boolean;
  /** Milliseconds since 1970: when it is backed up next, and since when it should have been. */
  readonly next: number | null;
  readonly since: number;
}

export interface AppRules {
  readonly now: number;
  readonly overdueMs: number;
}

const day = 86_400_000;
/** All data is read back within so many days. */
const verifyDays = 30;

/** An app as people are shown it. */
export function appView(facts: AppFacts, rules: AppRules): AppBackupView {
  const { app, volumes, history, next } = facts;
  const { state, reason } = stateOf(facts, rules);
  return {
    app,
    volumes,
    state,
    reason,
    lastGood: history.lastGood,
    lastRun: history.runs.at(-1) ?? null,
    snapshots: history.repository?.snapshots ?? null,
    stored: history.repository?.stored ?? null,
    verified: verifiedShare(history.verifications, rules.now),
    drill: history.drill === null ? null : { at: history.drill.at, ok: history.drill.ok },
    next: next === null ? null : rfc3339(next),
  };
}

/** The worst that is true, and only `ok` when nothing is: what did not happen counts as well as what failed. */
function stateOf(
  { app, volumes, history, suspect, running, since }: AppFacts,
  { now, overdueMs }: AppRules,
): { state: AppState; reason: string | null } {
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
  if (last !== undefined && last.outcome !== "ok" && last.outcome !== "interrupted")
    return { state: last.outcome, reason: last.notes[0] ?? reasonIn(last.volumes) };
  if (history.drill?.ok === false)
    return { state: "degraded", reason: "the last restore for practice failed" };
  if (volumes.length === 0) return { state: "off", reason: null };
  const good = history.lastGood === null ? since : Date.parse(history.lastGood);
  if (overdueMs > 0 && now - good > overdueMs)
    return {
      state: "overdue",
      reason:
        history.lastGood === null
          ? `never backed up, and due for ${formatDuration(now - good)}`
          : `no good backup for ${formatDuration(now - good)}`,
    };
  if (running) return { state: "running", reason: null };
  if (history.lastGood === null) return { state: "never", reason: "not backed up yet" };
  return { state: "ok", reason: null };
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
