import { rfc3339 } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import type { AppRepository, CheckResult } from "./app-repository.ts";
import type { IntegrityRecord, Loss } from "./app-state.ts";
import type { ResticRepository } from "./restic-repository.ts";
import type { RunRequest, RunWorld } from "./run-world.ts";
import { mendSnapshots } from "./snapshot-healing.ts";
import { tags } from "./snapshot.ts";

export interface Healed {
  /** As it is now. */
  readonly check: CheckResult;
  /** Packs that were taken out. */
  readonly packs: readonly string[];
  /** What is beyond help; null if all is well again. */
  readonly loss: Loss | null;
  /** In words for people. */
  readonly notes: readonly string[];
}

/** Ids in one command line. */
const atOnce = 400;
/** Files that are named in a report; there may be more. */
const named = 10_000;

/**
 * Mends a repository whose check found damage. Broken packs are put aside on the server (never deleted), the index is made
 * anew, and every volume is read again from its live source, which brings back all data that it still has. What is missing
 * then is named: which files of which versions. Every step may be repeated; an interrupted healing goes on with the next.
 */
export async function heal(
  world: RunWorld,
  request: RunRequest,
  repository: ResticRepository,
  found: CheckResult,
): Promise<Healed> {
  const { app, held, signal } = request;
  const { states, log } = world;
  const known = await states.integrity(app);
  const packs = [...new Set([...known.quarantined, ...found.brokenPacks])];
  log.warn(
    { app, errors: found.errors.slice(0, 5), packs: packs.length },
    "the repository is being healed",
  );
  await held.confirm();
  // Before anything moves: whoever goes on after a crash must know that data is missing.
  await states.writeIntegrity({ ...known, quarantined: packs });
  for (const pack of found.brokenPacks) await putAside(repository, app, pack, signal);
  const versions = await mendSnapshots(repository, app, found.brokenSnapshots, signal);
  await repository.repairIndex(signal);
  const notes = packs.length > 0 ? await readAgain(world, request, repository) : [];
  let check = await repository.check(signal ? { signal } : {});
  if (!check.ok && packs.length === 0) {
    notes.push(...(await readAgain(world, request, repository)));
    check = await repository.check(signal ? { signal } : {});
  }
  const loss = await lossOf(world, repository, check, packs, versions, signal);
  await states.writeIntegrity({ ...(await states.integrity(app)), quarantined: [], loss });
  return { check, packs, loss, notes: [...notes, ...sentences(app, packs, check, loss)] };
}

/** Whether a check found nothing but what was reported as lost before. */
export function isKnownLoss(check: CheckResult, { loss, quarantined }: IntegrityRecord): boolean {
  const missing = [...check.missing.blobs, ...check.missing.trees];
  const known = new Set(loss?.missing);
  const isOther = check.brokenPacks.length > 0 || check.indexDamaged || quarantined.length > 0;
  return !isOther && missing.length > 0 && missing.every((id) => known.has(id));
}

async function putAside(
  repository: ResticRepository,
  app: string,
  pack: string,
  signal?: AbortSignal,
): Promise<void> {
  const place = `${repository.path}/data/${pack.slice(0, 2)}/${pack}`;
  if ((await repository.remote.stat(place, signal)) === null) return;
  await repository.remote.move(place, `.swarmnfs/quarantine/${app}/${pack}`, signal);
}

async function readAgain(
  world: RunWorld,
  { sources, signal, onProgress }: RunRequest,
  repository: AppRepository,
): Promise<string[]> {
  const notes: string[] = [];
  for (const view of sources) {
    const volume = view.volume.name;
    const look = await world.look(view);
    if (look.kind !== "there" || look.empty) {
      notes.push(
        `volume ${volume} could not help: ${look.kind === "there" ? "it is empty" : look.reason}`,
      );
      continue;
    }
    const snapshots = await repository.snapshots(signal);
    const time = await world.time.now(snapshots.at(-1)?.time ?? null);
    try {
      await repository.backup(view, {
        host: volume,
        tags: [tags.ours, tags.healing, ...(time.trusted ? [] : [tags.doubtfulTime])],
        time: time.now,
        force: true,
        ...(signal && { signal }),
        onProgress: (progress) => onProgress?.(volume, progress),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      notes.push(`volume ${volume} could not help: ${messageOf(error)}`);
    }
  }
  return notes;
}

async function lossOf(
  world: RunWorld,
  repository: AppRepository,
  check: CheckResult,
  packs: readonly string[],
  versions: readonly string[],
  signal?: AbortSignal,
): Promise<Loss | null> {
  const { blobs, trees } = check.missing;
  const missing = [...blobs, ...trees];
  if (missing.length === 0 && versions.length === 0) return null;
  const lost = new Map(versions.map((snapshot) => [snapshot, { snapshot, path: "/" }]));
  for (const [ids, kind] of [
    [blobs, "blob"],
    [trees, "tree"],
  ] as const)
    for (let at = 0; at < ids.length && lost.size < named; at += atOnce)
      for (const { snapshot, path } of await repository.find(
        ids.slice(at, at + atOnce),
        kind,
        signal,
      )) {
        const place = kind === "tree" ? `${path ?? ""}/` : (path ?? "/");
        if (lost.size < named) lost.set(`${snapshot}:${place}`, { snapshot, path: place });
      }
  return { at: rfc3339(world.clock.now()), packs: [...packs], missing, lost: [...lost.values()] };
}

function sentences(
  app: string,
  packs: readonly string[],
  check: CheckResult,
  loss: Loss | null,
): string[] {
  const aside =
    packs.length === 0 ? "" : ` (${packs.length} damaged packs are in .swarmnfs/quarantine/${app})`;
  if (check.ok && loss !== null)
    return [`${loss.lost.length} versions cannot be read any more, and are lost${aside}`];
  if (check.ok) return [`damage in the repository was healed from the live volumes${aside}`];
  if (loss === null) return [`the repository still has damage: ${check.errors[0] ?? "unknown"}`];
  const versions = new Set(loss.lost.map(({ snapshot }) => snapshot)).size;
  return [
    `${loss.lost.length} files in ${versions} versions are lost, for their data is damaged and the live volumes do not have it any more${aside}. Everything else can be restored`,
  ];
}
