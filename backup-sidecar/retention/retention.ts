import { tags, type Snapshot } from "../engine/snapshot.ts";
import type { TrustedTime } from "../clock/trusted-time.ts";
import type { Keep } from "./keep.ts";

export interface RetentionRequest {
  /** All versions of all volumes of one app. */
  readonly snapshots: readonly Snapshot[];
  readonly keep: Keep;
  readonly time: TrustedTime;
  /** Why nothing of this app may be removed, whatever the rule says: a suspect source, damage; empty if nothing speaks against. */
  readonly frozen: readonly string[];
  /** Ids of versions that were found whole after they were made. */
  readonly verified: ReadonlySet<string>;
}

export interface RetentionPlan {
  /** Oldest first. */
  readonly forget: readonly Snapshot[];
  /** Why nothing is removed, or less than the rule says, in words for people. */
  readonly withheld: readonly string[];
}

/** Of every volume so many of the newest verified versions stay, however old they are. */
export const alwaysKept = 7;
/** At most this share of an app's versions goes at once: whatever is wrong, there are days to notice. */
const shareAtOnce = 0.1;

/** Which versions are not kept any more: a pure function, with all guards. Whoever is in doubt removes nothing. */
export function planRetention(request: RetentionRequest): RetentionPlan {
  const { snapshots, time, frozen } = request;
  const doubts = time.trusted ? [] : [`the time is in doubt: ${time.doubt ?? "unknown reason"}`];
  const volumes = Map.groupBy(snapshots, ({ volume }) => volume);
  const expired = [...volumes.values()]
    .flatMap((own) => expiredOf(own, request))
    .toSorted((a, b) => a.time - b.time);
  const reasons = [...doubts, ...frozen];
  if (expired.length === 0) return { forget: [], withheld: [] };
  if (reasons.length > 0) return { forget: [], withheld: reasons };
  const most = Math.max(1, Math.floor(snapshots.length * shareAtOnce));
  const withheld =
    expired.length > most
      ? [`${expired.length} versions are past their time; ${most} go now, the others later`]
      : [];
  return { forget: expired.slice(0, most), withheld };
}

function expiredOf(own: readonly Snapshot[], request: RetentionRequest): readonly Snapshot[] {
  const newestFirst = dated(own, request.time.now).toSorted((a, b) => b.at - a.at);
  const past = newestFirst.filter(({ at }) => at <= request.time.now);
  const kept = new Set<Snapshot>();
  const keepAll = (some: readonly Dated[]): void => {
    for (const { snapshot } of some) kept.add(snapshot);
  };
  const { keep, verified, time } = request;
  keepAll(past.filter(({ at }) => at >= time.now - keep.within));
  keepAll(past.slice(0, Math.max(keep.last, alwaysKept)));
  keepAll(past.filter(({ snapshot }) => verified.has(snapshot.id)).slice(0, alwaysKept));
  for (const [count, period] of [
    [keep.hourly, 13],
    [keep.daily, 10],
    [keep.monthly, 7],
    [keep.yearly, 4],
  ] as const)
    keepAll(newestOfEach(past, count, (at) => new Date(at).toISOString().slice(0, period)));
  keepAll(newestOfEach(past, keep.weekly, weekOf));
  return past.map(({ snapshot }) => snapshot).filter((snapshot) => !kept.has(snapshot));
}

interface Dated {
  readonly snapshot: Snapshot;
  /** No version was made later than this. */
  readonly at: number;
}

/**
 * A version whose time was a guess is as old as the next one at most that was dated beyond doubt; their order is right. One in
 * the future, made while a clock was wrong, is left alone.
 */
function dated(own: readonly Snapshot[], now: number): Dated[] {
  let bound = now;
  const found: Dated[] = [];
  for (const snapshot of own.toSorted((a, b) => b.time - a.time)) {
    const isGuess = snapshot.tags.includes(tags.doubtfulTime);
    const at = isGuess ? Math.max(bound, snapshot.time) : snapshot.time;
    if (!isGuess && at <= now) bound = at;
    found.push({ snapshot, at });
  }
  return found;
}

function newestOfEach(
  newestFirst: readonly Dated[],
  count: number,
  period: (at: number) => string,
): readonly Dated[] {
  const periods = new Map<string, Dated>();
  for (const each of newestFirst) {
    if (periods.size >= count) break;
    const name = period(each.at);
    if (!periods.has(name)) periods.set(name, each);
  }
  return [...periods.values()];
}

/** Weeks begin on Monday, UTC; 1970 began on a Thursday. */
function weekOf(at: number): string {
  const days = Math.floor(at / 86_400_000);
  return String(Math.floor((days + 3) / 7));
}
