import type { Permit } from "../repository/permit.ts";
import { ResticFailure } from "./restic-failure.ts";
import type { Runner } from "./runner.ts";
import { type SnapshotFiles, snapshotFiles } from "./snapshot-files.ts";

/** Versions in one sentence. */
const named = 10;

/**
 * Forgets exactly these versions (full ids), and holds what the server lists afterwards against what it listed before: throws if
 * one of them is still there, or if any other is gone or cut.
 */
export async function forget(
  repository: Runner,
  ids: readonly string[],
  permit: Permit,
  signal?: AbortSignal,
): Promise<void> {
  if (ids.length === 0) return;
  const { path, remote } = repository;
  const before = await snapshotFiles(path, remote, signal);
  const { said } = await repository.run({ args: ["forget", "--json", ...ids], signal }, { permit });
  const after = (await snapshotFiles(path, remote, signal)) ?? new Map<string, number>();
  const staying = new Map(before);
  for (const id of ids) staying.delete(id);
  const lost = await lostOf(repository, staying, after, signal);
  if (lost.length > 0)
    throw new ResticFailure(
      "failed",
      `while ${ids.length} old versions were removed, others were lost: ${lost.length} versions that were to stay are gone from the server or cut short (${namesOf(lost)}). Does anything else remove files there?`,
      0,
      said,
    );
  // restic 0.18 ends with 0 also if it could not.
  const kept = ids.filter((id) => after.has(id));
  if (kept.length > 0)
    throw new ResticFailure(
      "failed",
      `${kept.length} of ${ids.length} versions could not be forgotten: ${said.at(-1) ?? "restic does not say why"}`,
      0,
      said,
    );
}

/** A listing may leave something out: what it lacks is asked for by itself. */
async function lostOf(
  { path, remote }: Runner,
  staying: SnapshotFiles,
  after: SnapshotFiles,
  signal?: AbortSignal,
): Promise<string[]> {
  const lost: string[] = [];
  for (const [id, size] of staying) {
    if (after.get(id) === size) continue;
    const entry = await remote.stat(`${path}/snapshots/${id}`, signal);
    if (entry?.size !== size) lost.push(id);
  }
  return lost;
}

function namesOf(ids: readonly string[]): string {
  const names = ids.slice(0, named).map((id) => id.slice(0, 8));
  return ids.length > named ? `${names.join(", ")}, …` : names.join(", ");
}
