import type { PrunePlan } from "./app-repository.ts";
import { boundCache, cacheBytes } from "./cache-bound.ts";
import type { RunRequest, RunWorld } from "./run-world.ts";
import { lockProof, removeStaleLocks } from "./stale-locks.ts";
import { UserError } from "../../service/user-error.ts";

export interface PruneReport {
  readonly plan: PrunePlan;
  /** Why nothing was removed; null: it was, or this was a rehearsal. */
  readonly withheld: string | null;
}

/** A version takes a few kilobytes; an index entry for each pack, less than a megabyte for each index file. */
const indexBytes = 64 * 1024 * 1024;

/**
 * Removes data that no version needs any more: planned first, pack by pack, and then with leave for these packs alone. Not
 * while the repository has damage, for what seems unneeded may be what heals it, nor while somebody else works on it. Throws
 * `UserError` where it is refused.
 */
export async function pruneApp(
  world: RunWorld,
  request: Omit<RunRequest, "sources">,
  rehearsal: boolean,
): Promise<PruneReport> {
  const { app, held } = request;
  const signal = AbortSignal.any([held.signal, ...(request.signal ? [request.signal] : [])]);
  const { repositories, states, lease, lockHost, clock } = world;
  await held.confirm();
  const repository = await repositories.open(app, { lease: held, signal });
  const proof = await lockProof(lease, held, lockHost);
  const { alive } = await removeStaleLocks(repository, proof, clock, signal);
  const [elsewhere] = alive;
  if (elsewhere !== undefined)
    throw new UserError(
      "in-use",
      `the repository of app "${app}" is in use elsewhere (${elsewhere}): nothing can be removed now. It is tried again with the next prune`,
    );
  const plan = await repository.planPrune(signal);
  if (rehearsal) return { plan, withheld: null };
  const suspect = await states.suspect(app);
  const [destroyed] = Object.keys(suspect.volumes);
  if (destroyed !== undefined)
    return {
      plan,
      withheld: `volume ${destroyed} looks destroyed; after a look: swarmnfs backup confirm ${app}`,
    };
  const check = await repository.check({ signal });
  if (!check.ok) return { plan, withheld: "the repository has damage" };
  const packs = [...plan.unused, ...plan.repacked];
  if (packs.length === 0) return { plan, withheld: null };
  const indexes = await repository.remote.list(`${repository.path}/index`, signal);
  await held.confirm();
  await repository.prune(
    {
      run: `prune ${app}`,
      kinds: ["data", "index"],
      names: packs,
      // What is packed anew gets indexes on the way, which are replaced at the end.
      maxCount: packs.length + indexes.length + plan.repacked.length + 10,
      maxBytes: plan.bytes + (indexes.length + plan.repacked.length + 10) * indexBytes,
      inForce: () => held.held(),
    },
    signal,
  );
  await boundCache(repository.restic.place.cache, cacheBytes);
  return { plan, withheld: null };
}
