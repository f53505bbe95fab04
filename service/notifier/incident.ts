import * as z from "zod";

/** Something that is wrong now, and that people should be told of. */
export interface Problem {
  /** Tells one problem from another over time: `failed blog`. */
  readonly key: string;
  /** A few words: `The backup of blog has failed`. */
  readonly title: string;
  /** What happened and what to do next. */
  readonly text: string;
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
  kind: z.enum(["opened", "repeated", "resolved"]),
  toldAt: moment,
  /** Whom the latest message has not reached yet. */
  pending: z.array(z.string()),
  /** Whether any message reached anybody. */
  known: z.boolean(),
});
export type Incident = z.infer<typeof incidentSchema>;

/** A message that nobody took for so long is given up when the incident is over. */
const giveUpMs = 24 * 60 * 60 * 1000;

export interface Rules {
  /** Names of those who are told. */
  readonly channels: readonly string[];
  /** A problem that lasts is told again after this long; 0: never. */
  readonly repeatMs: number;
}

/**
 * What becomes of the incidents when these are the problems now: each is told once when it begins, again rarely while it
 * lasts, and once when it is over, to those who were told that it began.
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

function open({ key, title, text }: Problem, now: number, { channels }: Rules): Incident {
  return {
    key,
    title,
    text,
    openedAt: now,
    resolvedAt: null,
    kind: "opened",
    toldAt: now,
    pending: [...channels],
    // Where there is nobody to be told, the log knows.
    known: channels.length === 0,
  };
}

function lasting(incident: Incident, problem: Problem, now: number, rules: Rules): Incident {
  if (incident.resolvedAt !== null) return open(problem, now, rules);
  const { title, text } = problem;
  const updated = { ...incident, title, text };
  const { repeatMs, channels } = rules;
  const isDue = repeatMs > 0 && Math.abs(now - incident.toldAt) >= repeatMs;
  if (!isDue || incident.pending.length > 0) return updated;
  return { ...updated, kind: "repeated", toldAt: now, pending: [...channels] };
}

function over(incident: Incident, now: number, { channels }: Rules): Incident[] {
  if (incident.resolvedAt === null) {
    // It came and went before anybody heard of it.
    if (!incident.known) return [];
    return [
      { ...incident, kind: "resolved", resolvedAt: now, toldAt: now, pending: [...channels] },
    ];
  }
  const isGivenUp = Math.abs(now - incident.resolvedAt) >= giveUpMs;
  return incident.pending.length === 0 || isGivenUp ? [] : [incident];
}
