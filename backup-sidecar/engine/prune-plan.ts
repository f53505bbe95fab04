import type { PrunePlan } from "./app-repository.ts";
import { ResticFailure } from "./restic-failure.ts";
import { pruneOptions, type Runner } from "./runner.ts";

/**
 * What a prune would delete now, pack by pack: so it gets leave to delete these and no others. restic tells it as text
 * only, with shortened ids; a text that we do not understand is a failure, never an empty plan.
 */
export async function planPrune(repository: Runner, signal?: AbortSignal): Promise<PrunePlan> {
  const args = ["prune", "--dry-run", "-vv", "--no-lock", ...pruneOptions];
  const text = await repository.text({ args, signal }, { readOnly: true });
  const unreferenced = setIn(text, "Would have removed the following unreferenced packs:", []);
  const repacked = setIn(text, "Would have repacked and removed the following packs:");
  const removed = setIn(text, "Would have removed the following no longer used packs:");
  const full = await fullNames(repository, [...unreferenced, ...repacked, ...removed], signal);
  const named = (short: readonly string[]): string[] =>
    short.map((id) => {
      const pack = full.get(id);
      if (pack === undefined) throw notUnderstood(text, `no single pack begins with ${id}`);
      return pack.name;
    });
  return {
    unused: named([...unreferenced, ...removed]),
    repacked: named(repacked),
    bytes: [...full.values()].reduce((sum, pack) => sum + (pack?.size ?? 0), 0),
  };
}

/** `{4329796e 9b7fc4ad}` after a line of its own. */
function setIn(text: string, line: string, otherwise?: readonly string[]): readonly string[] {
  const at = text.indexOf(line);
  if (at === -1 && otherwise !== undefined) return otherwise;
  const set = /^\s*\{([0-9a-f ]*)\}/.exec(at === -1 ? "" : text.slice(at + line.length));
  if (set === null) throw notUnderstood(text, `"${line}" was expected`);
  return (set[1] ?? "").split(" ").filter((id) => id !== "");
}

/** By their first eight digits; undefined for those that two packs share. */
async function fullNames(
  repository: Runner,
  short: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, { readonly name: string; readonly size: number } | undefined>> {
  const wanted = new Set(short);
  const found = new Map<string, { readonly name: string; readonly size: number } | undefined>();
  for (const shard of new Set(short.map((id) => id.slice(0, 2)))) {
    for (const { name, size } of await repository.remote.list(
      `${repository.path}/data/${shard}`,
      signal,
    )) {
      const id = name.slice(0, 8);
      if (wanted.has(id)) found.set(id, found.has(id) ? undefined : { name, size });
    }
  }
  return found;
}

function notUnderstood(text: string, why: string): ResticFailure {
  return new ResticFailure(
    "failed",
    `what restic would remove could not be understood, so nothing is removed: ${why}`,
    0,
    text.split("\n").slice(-20),
  );
}
