import { formatDuration } from "../../service/age.ts";
import { jitterOf, nextTime } from "../schedule/due.ts";
import { runKey } from "../schedule/job.ts";
import type { AppHistory } from "./app-history.ts";

/** A volume that is backed up. */
export interface VolumeFacts {
  readonly name: string;
  /** Its schedule. */
  readonly cron: string;
  /** Milliseconds since 1970: since when it can have been saved. */
  readonly since: number;
}

export interface LateRules {
  readonly now: number;
  /** 0: nothing is ever late. */
  readonly overdueMs: number;
  readonly jitterMs: number;
  /** Cron expressions. */
  readonly verifySchedule: string;
  readonly drillSchedule: string;
}

type Known = AppHistory["known"];

const day = 86_400_000;
/** So long a run may take, or be tried again, before it counts as one that did not happen. */
const graceMs = day / 4;
/** The same of what happens every day or every week besides. */
const careGraceMs = 7 * day;

/** What should have happened to an app and did not, a sentence; null: nothing. */
export function whatIsLate(
  app: string,
  volumes: readonly VolumeFacts[],
  history: Known,
  rules: LateRules,
): string | null {
  if (rules.overdueMs === 0) return null;
  const runs = volumes.map((volume) => lateRun(app, volume, history, rules));
  return runs.find((why) => why !== null) ?? lateCare(app, history, rules);
}

/** No good version for too long, by the rule and by the volume's own schedule. */
function lateRun(
  app: string,
  { name, cron, since }: VolumeFacts,
  history: Known,
  { now, overdueMs, jitterMs }: LateRules,
): string | null {
  const { goodAt = null, confirmedAt } = history.volumes[name] ?? {};
  const from = goodAt === null ? since : Date.parse(goodAt);
  // A source that was confirmed has had no run since that could have been good.
  const waiting = confirmedAt === undefined ? from : Math.max(from, Date.parse(confirmedAt));
  if (now - waiting <= overdueMs) return null;
  const due = nextTime(cron, waiting, jitterOf({ app, key: runKey(cron) }, jitterMs));
  if (due === null || now <= due + graceMs) return null;
  return goodAt === null
    ? `${name}: never backed up, and due for ${formatDuration(now - from)}`
    : `${name}: no good backup for ${formatDuration(now - from)}`;
}

/** Nothing was read back, or restored for practice, long after it was due: nobody knows whether the backup is any good. */
function lateCare(
  app: string,
  { runs, verifications, drill }: Known,
  { now, jitterMs, verifySchedule, drillSchedule }: LateRules,
): string | null {
  const [oldest] = runs;
  const readBack = verifications.findLast(({ slice }) => slice !== null)?.at ?? oldest?.endedAt;
  const practised = drill?.at ?? oldest?.endedAt;
  for (const [key, cron, last, what] of [
    ["verify", verifySchedule, readBack, "read back from the server"],
    ["drill", drillSchedule, practised, "restored for practice"],
  ] as const) {
    if (last === undefined) continue;
    const from = Date.parse(last);
    const due = nextTime(cron, from, jitterOf({ app, key }, jitterMs));
    if (due !== null && now > due + careGraceMs)
      return `nothing of it was ${what} for ${formatDuration(now - from)}`;
  }
  return null;
}
