import { rfc3339 } from "../../service/clock.ts";
import type { CheckRequest, CheckResult } from "./app-repository.ts";
import type { IntegrityRecord, Loss } from "./app-state.ts";
import { heal, isKnownLoss } from "./healing.ts";
import { RepositoryTrouble } from "./repository-trouble.ts";
import type { ResticRepository } from "./restic-repository.ts";
import type { RunRequest, RunWorld } from "./run-world.ts";
import { lockProof, removeStaleLocks } from "./stale-locks.ts";

/** All data is read back once in so many daily looks. */
export const slices = 30;

export interface VerifyRequest extends RunRequest {
  /** What is read back: the slice that was not for longest, a share of all data (1 to 100), or nothing. */
  readonly read: "next" | { readonly percent: number } | "nothing";
  /** Told of each look before the next one begins: what was read back was, however the others end. */
  readonly onLook?: (look: Look) => Promise<void>;
}

/** One look through the repository, at most one slice of whose data is read back. */
export interface Look {
  readonly at: string;
  /** Nothing is wrong, or nothing is wrong any more. */
  readonly ok: boolean;
  /** Which part of all data was read back: slice `n` of `of`; 1 of 1 is everything, null nothing. */
  readonly slice: { readonly n: number; readonly of: number } | null;
  readonly errors: readonly string[];
}

export interface VerifyReport {
  /** As it was in the last look; the first that finds what cannot be mended is the last. */
  readonly ok: boolean;
  readonly errors: readonly string[];
  /** What was done about it, in words for people. */
  readonly notes: readonly string[];
  readonly loss: Loss | null;
}

/**
 * Looks whether an app's repository is whole, reads data back, and heals what is not. Needs the lease, and no run of the same
 * app beside it. Throws what keeps it from looking.
 */
export async function verifyApp(world: RunWorld, asked: VerifyRequest): Promise<VerifyReport> {
  const { app, held } = asked;
  const signal = AbortSignal.any([held.signal, ...(asked.signal ? [asked.signal] : [])]);
  const request = { ...asked, signal };
  const { states, clock } = world;
  await held.confirm();
  const notes: string[] = [];
  const repository = await opened(world, request, notes);
  await removeStaleLocks(
    repository,
    await lockProof(world.lease, held, world.lockHost),
    clock,
    signal,
  );
  const integrity = await states.integrity(app);
  let last: CheckResult | null = null;
  for (const { read, slice } of questions(request.read, integrity)) {
    const found = await repository.check({ signal, ...(read && { read }) });
    last = await mended(world, request, repository, found, notes);
    const { ok, errors } = last;
    await request.onLook?.({ at: rfc3339(clock.now()), ok, slice, errors });
    if (!ok) break;
    if (slice !== null) await noteSlice(world, app, slice);
  }
  const { loss } = await states.integrity(app);
  return { ok: last?.ok === true, errors: last?.errors ?? [], notes, loss };
}

/** A repository whose config or key is damaged does not open; of these we have copies. */
async function opened(
  { repositories }: RunWorld,
  { app, held, signal }: RunRequest,
  notes: string[],
): Promise<ResticRepository> {
  try {
    return await repositories.open(app, { lease: held, ...(signal && { signal }) });
  } catch (error) {
    if (!(error instanceof RepositoryTrouble) || error.trouble !== "damaged") throw error;
    const repository = await repositories.putBack(app, held, signal).catch(() => {
      throw error;
    });
    notes.push("config and keys of the repository were put back from our copy");
    return repository;
  }
}

/** Heals what can be healed; gives the check as it is afterwards. */
export async function mended(
  world: RunWorld,
  request: RunRequest,
  repository: ResticRepository,
  found: CheckResult,
  notes: string[],
): Promise<CheckResult> {
  const integrity = await world.states.integrity(request.app);
  if (found.ok && integrity.quarantined.length === 0) {
    if (found.indexDamaged) await repository.repairIndex(request.signal);
    if (integrity.loss !== null && integrity.loss.missing.length > 0)
      await world.states.writeIntegrity({ ...integrity, loss: null });
    return found;
  }
  if (isKnownLoss(found, integrity)) {
    notes.push(
      `${integrity.loss?.lost.length ?? 0} files of older versions are lost, as was reported on ${integrity.loss?.at ?? ""}`,
    );
    return found;
  }
  const healed = await heal(world, request, repository, found);
  notes.push(...healed.notes);
  return healed.check;
}

interface Question {
  readonly read: CheckRequest["read"];
  readonly slice: Look["slice"];
}

function questions(read: VerifyRequest["read"], integrity: IntegrityRecord): readonly Question[] {
  if (read === "nothing") return [{ read: undefined, slice: null }];
  if (read !== "next" && read.percent >= 100) return [{ read: "all", slice: { n: 1, of: 1 } }];
  const oldestFirst = Array.from({ length: slices }, (_, index) => index + 1).toSorted(
    (a, b) => seen(integrity, a) - seen(integrity, b),
  );
  const count = read === "next" ? 1 : Math.max(1, Math.ceil((read.percent * slices) / 100));
  return oldestFirst
    .slice(0, count)
    .map((n) => ({ read: { slice: n, of: slices }, slice: { n, of: slices } }));
}

function seen({ slices: known }: IntegrityRecord, n: number): number {
  const at = known[`${n}/${slices}`];
  return at === undefined ? 0 : Date.parse(at);
}

async function noteSlice(
  { states, clock }: RunWorld,
  app: string,
  { n, of }: { readonly n: number; readonly of: number },
): Promise<void> {
  const known = await states.integrity(app);
  const at = rfc3339(clock.now());
  const read = of === 1 ? Array.from({ length: slices }, (_, index) => index + 1) : [n];
  const added = Object.fromEntries(read.map((each) => [`${each}/${slices}`, at]));
  await states.writeIntegrity({ ...known, slices: { ...known.slices, ...added } });
}
