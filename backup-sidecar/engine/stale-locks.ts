import { formatDuration } from "../../service/age.ts";
import type { Clock } from "../../service/clock.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { HeldLease, StorageLease } from "./lease.ts";
import { ResticFailure } from "./restic-failure.ts";
import type { ResticRepository } from "./restic-repository.ts";
import { lockSchema } from "./restic-messages.ts";

/** restic renews its locks every 5 min, and takes one as stale that was not renewed for 30. */
const staleMs = 30 * 60_000;

/** Whose locks are proved to be nobody's any more. */
export interface LockProof {
  /** Host names of former holders of the lease: what they did has ended, by themselves or by the lease's term. */
  readonly former: ReadonlySet<string>;
  /** Our own host name: its locks are stale while no restic of ours works on the repository. */
  readonly own: string | null;
}

export interface LockFindings {
  /** Sentences for people. */
  readonly removed: readonly string[];
  /** Locks that may be alive: somebody's restic elsewhere. Only what needs the repository for itself waits for them. */
  readonly alive: readonly string[];
}

/** The proof, as of now. */
export async function lockProof(
  lease: StorageLease,
  held: HeldLease,
  own: string | null,
): Promise<LockProof> {
  const former = await lease.former(held);
  const hosts = new Set(former.map(({ lockHost }) => lockHost));
  // A service that lost the lease and has it again is no dead one.
  for (const host of ["", own ?? ""]) hosts.delete(host);
  return { former: hosts, own };
}

/**
 * Removes locks of restics that are provably dead: never by a guess from process numbers, as `restic unlock` does, which
 * in containers takes the dead for living, and signals strangers.
 */
export async function removeStaleLocks(
  repository: ResticRepository,
  proof: LockProof,
  clock: Clock,
  signal?: AbortSignal,
): Promise<LockFindings> {
  const own = repository.restic.worksOn(repository.path) ? null : proof.own;
  const removed: string[] = [];
  const alive: string[] = [];
  const place = `${repository.path}/locks`;
  const permit = { run: "stale locks", kinds: ["locks"] as const, names: null };
  for (const { name, size, modifiedAt } of await repository.remote.list(place, signal)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue; // no lock of restic's
    // Both by the server's clock.
    const offset = repository.remote.clockOffsetMs();
    const age = modifiedAt === null || offset === null ? null : clock.now() + offset - modifiedAt;
    const lock = size === 0 ? null : await read(repository, name, signal);
    if (lock === "gone") continue;
    const verdict = judge(lock, size, age, { ...proof, own });
    if (verdict.stale) {
      await repository.remote.remove(
        `${place}/${name}`,
        { ...permit, maxCount: 1, maxBytes: size },
        signal,
      );
      removed.push(verdict.sentence);
    } else alive.push(verdict.sentence);
  }
  return { removed, alive };
}

interface Lock {
  readonly hostname: string;
  readonly exclusive: boolean;
}

function judge(
  lock: Lock | null,
  size: number,
  ageMs: number | null,
  proof: LockProof,
): { readonly stale: boolean; readonly sentence: string } {
  const age = ageMs === null ? "" : `, renewed ${formatDuration(ageMs)} ago`;
  const isOld = ageMs !== null && ageMs > staleMs;
  // restic writes a lock whole, and so does the bridge: an empty one is nobody's.
  if (lock === null)
    return { stale: size === 0 || isOld, sentence: `a lock that nobody can read${age}` };
  const sentence = `${lock.exclusive ? "an exclusive lock" : "a lock"} of ${lock.hostname}${age}`;
  const isDead = proof.former.has(lock.hostname) || lock.hostname === proof.own;
  return { stale: isDead || isOld, sentence };
}

/** Null for one that cannot be read. */
async function read(
  repository: ResticRepository,
  name: string,
  signal?: AbortSignal,
): Promise<Lock | "gone" | null> {
  try {
    const args = ["cat", "lock", name, "--no-lock", "--no-cache"];
    const { hostname, exclusive } = lockSchema.parse(
      await repository.ask({ args, signal }, { readOnly: true }),
    );
    return { hostname, exclusive };
  } catch (error) {
    if (error instanceof ResticFailure && error.kind !== "failed") throw error;
    if (error instanceof RemoteFailure) throw error;
    // Its owner may have ended meanwhile.
    const still = await repository.remote.stat(`${repository.path}/locks/${name}`, signal);
    return still === null ? "gone" : null;
  }
}
