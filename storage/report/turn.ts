import { rfc3339 } from "../../service/clock.ts";
import type { ReportTurn } from "../records/report-turn.ts";
import { nextTime } from "../rules/schedule.ts";
import type { NodeIdentity } from "../storage.ts";

const minute = 60_000;
const dayMs = 86_400_000;
/** Who has not tried for so long has died, and another node sends what is left. */
const silentMs = 15 * minute;
/** What nobody took for so long is given up: the next one says it as well. */
const giveUpMs = dayMs;
/** How often is looked, at the least and at the most. */
const soonMs = minute;
const lateMs = 6 * 60 * minute;

export interface TurnWorld {
  readonly cron: string;
  readonly now: number;
  readonly by: NodeIdentity;
  /** Names of those that this node can send by. */
  readonly channels: readonly string[];
}

/** What a node does about the report now. */
export interface TurnStep {
  /** To be written down first; null: nothing changes. If it does not follow what is there by then, the rest is somebody else's. */
  readonly next: ReportTurn | null;
  /** By which channels it is sent then; none: it is not this node's turn, or nothing is due. */
  readonly by: readonly string[];
  /** Nothing is to be done before then, as far as can be known: milliseconds since 1970. */
  readonly lookAt: number;
}

/**
 * A report is due at each time of the schedule; of those that were missed while nobody was there one is sent. The first time
 * counts from when this was asked first. Pure.
 */
export function turnStep(turn: ReportTurn | null, world: TurnWorld): TurnStep {
  const { cron, now, by, channels } = world;
  const through = turn === null ? NaN : Date.parse(turn.through);
  // One from the future was written by a clock that was wrong.
  if (turn === null || through > now + dayMs) return quiet(written(turn, world, now, []), world);
  if (turn.pending.length > 0) {
    if (now - through >= giveUpMs) return quiet(written(turn, world, through, []), world);
    const isOurs = turn.nodeId === by.id;
    const age = Math.abs(now - Date.parse(turn.seenAt));
    const reached = turn.pending.filter((name) => channels.includes(name));
    const isElsewhere = !isOurs && (age < silentMs || reached.length === 0);
    if (isElsewhere) return { next: null, by: [], lookAt: now + silentMs };
    // Settings may have changed since: then those who are to be told now are told.
    const pending = reached.length === 0 ? channels : turn.pending;
    const next = written(turn, world, through, pending);
    return { next, by: reached.length === 0 ? channels : reached, lookAt: now + soonMs };
  }
  const due = nextTime(cron, through);
  if (due === null || due > now) return { next: null, by: [], lookAt: laterThan(now, due) };
  return {
    next: written(turn, world, now, channels),
    by: channels,
    lookAt: now + soonMs,
  };
}

/** The turn after it arrived by one of the channels. */
export function arrived(turn: ReportTurn, channel: string): ReportTurn {
  const pending = turn.pending.filter((name) => name !== channel);
  return { ...turn, revision: turn.revision + 1, pending };
}

function quiet(next: ReportTurn, { cron, now }: TurnWorld): TurnStep {
  return { next, by: [], lookAt: laterThan(now, nextTime(cron, now)) };
}

function laterThan(now: number, due: number | null): number {
  return Math.min(due ?? Infinity, now + lateMs);
}

function written(
  turn: ReportTurn | null,
  { by, now }: TurnWorld,
  through: number,
  pending: readonly string[],
): ReportTurn {
  return {
    ...turn,
    schema: 1,
    revision: (turn?.revision ?? 0) + 1,
    through: rfc3339(through),
    node: by.name,
    nodeId: by.id,
    seenAt: rfc3339(now),
    pending: [...pending],
  };
}
