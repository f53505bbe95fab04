import type { Snapshot } from "../engine/snapshot.ts";

const runTag = /^run=(.+)$/;

/** All that one run saved of an app: what people find as one folder. */
export interface Version {
  /** Milliseconds since 1970: when its first volume was saved. */
  readonly time: number;
  /** Null: somebody made it without us. */
  readonly run: string | null;
  readonly snapshots: readonly Snapshot[];
  /** The folder's name: `2026-03-01_06-00`, UTC; with `_2` for a second one within that minute. */
  readonly folder: string;
}

/**
 * Puts snapshots together by their runs, oldest first. A version keeps the folder that it has (`known`, by snapshot); others
 * get the one of their minute, in order, so that whoever makes it all again from the repository comes to the same names.
 */
export function versionsOf(
  snapshots: readonly Snapshot[],
  known: ReadonlyMap<string, string> = new Map(),
): Version[] {
  const runs = new Map<string, Snapshot[]>();
  for (const snapshot of snapshots) {
    const key = runOf(snapshot) ?? snapshot.id;
    runs.set(key, [...(runs.get(key) ?? []), snapshot]);
  }
  const groups = [...runs.values()]
    .map((group) => group.toSorted((a, b) => a.time - b.time))
    .toSorted((a, b) => timeOf(a) - timeOf(b));
  const given = groups.map((group) =>
    group.map(({ id }) => known.get(id)).find((name) => name !== undefined),
  );
  const taken = new Set(given);
  return groups.map((group, at) => {
    const folder = given[at] ?? freeName(timeOf(group), taken);
    taken.add(folder);
    return { time: timeOf(group), run: runOf(group[0]), snapshots: group, folder };
  });
}

/** Whether a name is that of a version's folder: nothing else there is ours to remove. */
export function isVersionFolder(name: string): boolean {
  return /^\d{4}-\d{2}-\d{2}_\d{2}-\d{2}(_\d+)?$/.test(name);
}

function freeName(time: number, taken: ReadonlySet<string | undefined>): string {
  const name = new Date(time).toISOString().slice(0, 16).replace("T", "_").replace(":", "-");
  if (!taken.has(name)) return name;
  for (let count = 2; ; count += 1) if (!taken.has(`${name}_${count}`)) return `${name}_${count}`;
}

function timeOf(group: readonly Snapshot[]): number {
  return group[0]?.time ?? 0;
}

function runOf(snapshot: Snapshot | undefined): string | null {
  for (const tag of snapshot?.tags ?? []) {
    const [, run] = runTag.exec(tag) ?? [];
    if (run !== undefined) return run;
  }
  return null;
}
