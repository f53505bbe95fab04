import * as z from "zod";

/** Something that is wrong now, and that people should be told of. */
export interface Problem {
  /** Tells one problem from another over time: `failed blog`. */
  readonly key: string;
  /** A few words: `The backup of blog has failed`. */
  readonly title: string;
  /** What happened and what to do next. */
  readonly text: string;
  /** When it grows, people are told again at once: the disk that was nearly full is full. 0 unless given. */
  readonly severity?: number;
  /** Told when it has been so for so long, milliseconds; at once unless given. */
  readonly afterMs?: number;
}

const moment = z.number();

/** A problem from the moment that it was first seen until everybody was told that it is over. */
export const incidentSchema = z.looseObject({
  key: z.string(),
  title: z.string(),
  text: z.string(),
  openedAt: moment,
  /** Null: still so. */
  resolvedAt: moment.nullable(),
  /** Of the latest message. */
  kind: z.enum(["opened", "worse", "repeated", "resolved"]),
  toldAt: moment,
  /** Whom the latest message has not reached yet. */
  pending: z.array(z.string()),
  /** Whether any message reached anybody. */
  known: z.boolean(),
  /** The worst it has been. */
  severity: z.number().default(0),
  /** It has not been so for long enough to be told. */
  quiet: z.boolean().default(false),
  /** Since when it is gone, while it is not yet taken for over. */
  goneAt: moment.nullable().default(null),
});
export type Incident = z.infer<typeof incidentSchema>;

/** A message that nobody took for so long is given up when the incident is over. */
const giveUpMs = 24 * 60 * 60 * 1000;

export interface Rules {
  /** Names of those who are told. */
  readonly channels: readonly string[];
  /** A problem that lasts is told again after this long; 0: never. */
  readonly repeatMs: number;
  /** What was gone for less counts as still so: a problem that comes and goes is one, and told once. */
  readonly calmMs: number;
}

/**
 * What becomes of the incidents when these are the problems now: each is told once when it begins, at once when it gets worse,
 * again rarely while it lasts, and once when it is over, to those who were told that it began.
 */
export function nextIncidents(
  before: readonly Incident[],
  problems: readonly Problem[],
  now: number,
  rules: Rules,
): Incident[] {
  const current = new Map(problems.map((problem) => [problem.key, problem]));
  const kept = before.flatMap((incident) => {
    const problem = current.get(incident.key);
    current.delete(incident.key);
    return problem === undefined
      ? over(incident, now, rules)
      : [lasting(incident, problem, now, rules)];
  });
  const opened = [...current.values()].map((problem) => open(problem, now, rules));
  return [...kept, ...opened];
}

function open(problem: Problem, now: number, { channels }: Rules): Incident {
  const { key, title, text, severity = 0, afterMs = 0 } = problem;
  const quiet = afterMs > 0;
  return {
    key,
    title,
    text,
    openedAt: now,
    resolvedAt: null,
    kind: "opened",
    toldAt: now,
    pending: quiet ? [] : [...channels],
    // Where there is nobody to be told, the log knows.
    known: !quiet && channels.length === 0,
    severity,
    quiet,
    goneAt: null,
  };
}

function lasting(incident: Incident, problem: Problem, now: number, rules: Rules): Incident {
  if (incident.resolvedAt !== null) return open(problem, now, rules);
  const { title, text, severity = 0 } = problem;
  const { repeatMs, channels } = rules;
  const worst = Math.max(severity, incident.severity);
  const updated = { ...incident, title, text, severity: worst, goneAt: null };
  if (incident.quiet) {
    if (Math.abs(now - incident.openedAt) < (problem.afterMs ?? 0)) return updated;
    const known = channels.length === 0;
    return { ...updated, quiet: false, known, toldAt: now, pending: [...channels] };
  }
  if (severity > incident.severity)
    return { ...updated, kind: "worse", toldAt: now, pending: [...channels] };
  const isDue = repeatMs > 0 && Math.abs(now - incident.toldAt) >= repeatMs;
  if (!isDue || incident.pending.length > 0) return updated;
  return { ...updated, kind: "repeated", toldAt: now, pending: [...channels] };
}

function over(incident: Incident, now: number, { channels, calmMs }: Rules): Incident[] {
  if (incident.resolvedAt === null) {
    // It came and went before anybody heard of it.
    if (!incident.known) return [];
    const goneAt = incident.goneAt ?? now;
    if (Math.abs(now - goneAt) < calmMs) return [{ ...incident, goneAt }];
    return [
      { ...incident, kind: "resolved", resolvedAt: now, toldAt: now, pending: [...channels] },
    ];
  }
  const isGivenUp = Math.abs(now - incident.resolvedAt) >= giveUpMs;
  return incident.pending.length === 0 || isGivenUp ? [] : [incident];
}
