import type { Attempt, Report } from "./errand.ts";

/** What could be had in one way. */
export type Deed = "listed" | "read" | "written";

/** What a thief brought home, by the way it took: only what was the victim's. Empty: nothing at all. */
export type Loot = ReadonlyMap<string, ReadonlySet<Deed>>;

/** Looks through a report for what belongs to the victim. */
export function lootOf(report: Report, fileName: string, secret: string): Loot {
  const loot = new Map<string, Set<Deed>>();
  for (const attempt of report.attempts) {
    const deeds = deedsOf(attempt, fileName, secret);
    if (deeds.length > 0)
      loot.set(attempt.by, new Set([...(loot.get(attempt.by) ?? []), ...deeds]));
  }
  return loot;
}

function deedsOf(attempt: Attempt, fileName: string, secret: string): Deed[] {
  const { listed, read, wrote } = attempt;
  const deeds: Deed[] = [];
  if (listed?.includes(fileName) === true) deeds.push("listed");
  if (read?.includes(secret) === true) deeds.push("read");
  if (wrote) deeds.push("written");
  return deeds;
}

/** How the ways that led to nothing were refused, each once, the most frequent first. */
export function refusalsOf({ refused, attempts }: Report): readonly string[] {
  if (refused !== null) return [refused];
  const counts = new Map<string, number>();
  for (const { refused: each } of attempts)
    if (each !== null) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([words]) => words);
}
