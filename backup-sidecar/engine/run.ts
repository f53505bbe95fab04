import { v7 as uuid } from "uuid";
import { rfc3339 } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { planRetention } from "../retention/retention.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { HookOutcome } from "../../service/hooks/hooks.ts";
import type { TrustedTime } from "../clock/trusted-time.ts";
import type { CheckResult } from "./app-repository.ts";
import type { SuspectRecord } from "./app-state.ts";
import { RepositoryTrouble } from "./repository-trouble.ts";
import { ResticFailure } from "./restic-failure.ts";
import type { ResticRepository } from "./restic-repository.ts";
import type { RunReport } from "./run-report.ts";
import type { RunRequest, RunWorld } from "./run-world.ts";
import type { Snapshot } from "./snapshot.ts";
import { isKnownLoss } from "./healing.ts";
import { mended } from "./verification.ts";
import { lockProof, removeStaleLocks } from "./stale-locks.ts";
import { failedVolume, runVolume, type RunSoFar, type VolumeRun } from "./volume-run.ts";

/**
 * Backs up one app: its volumes one after the other, then a look whether all is there, then the rule of what is kept, then
 * what people find on the server. Never throws: whatever happens is in the report. A run that was cut off at any point is made
 * good by the next one.
 */
export async function runApp(world: RunWorld, request: RunRequest): Promise<RunReport> {
  return new AppRun(world, request).run();
}

class AppRun {
  readonly #world: RunWorld;
  readonly #request: RunRequest;
  readonly #run = uuid();
  readonly #signal: AbortSignal;
  readonly #startedAt: string;
  readonly #notes: string[] = [];
  readonly #volumes: VolumeRun[] = [];
  #time: TrustedTime | null = null;
  #repository: ResticRepository | null = null;
  #check: CheckResult | null = null;
  #retention: RunReport["retention"] = null;
  #failure: unknown = null;
  /** Whether containers did all that their labels ask for. */
  #consistent = true;

  constructor(world: RunWorld, request: RunRequest) {
    this.#world = world;
    this.#request = request;
    this.#notes.push(...(request.notes ?? []));
    const own = request.signal ? [request.signal] : [];
    this.#signal = AbortSignal.any([request.held.signal, ...own]);
    this.#startedAt = rfc3339(world.clock.now());
  }

  async run(): Promise<RunReport> {
    try {
      await this.#perform();
    } catch (error) {
      this.#failure = error;
      this.#notes.unshift(this.#signal.aborted ? "it was interrupted" : messageOf(error));
      const isExpected =
        error instanceof RepositoryTrouble ||
        error instanceof RemoteFailure ||
        error instanceof ResticFailure;
      if (!isExpected)
        this.#world.log.error({ err: error, app: this.#request.app }, "a backup failed");
    }
    return this.#report();
  }

  async #perform(): Promise<void> {
    const { app, held } = this.#request;
    const { states, repositories, time } = this.#world;
    await held.confirm();
    const unfinished = await states.running(app);
    const repository = await repositories.open(app, { lease: held, signal: this.#signal });
    this.#repository = repository;
    const snapshots = await repository.snapshots(this.#signal);
    this.#time = await time.now(snapshots.at(-1)?.time ?? null);
    const cleared = await this.#clearLocks(repository);
    await states.begin({
      schema: 1,
      app,
      run: this.#run,
      startedAt: this.#startedAt,
      counter: held.counter,
    });
    // Packs that a killed backup had sent are in no index: without this they would be sent again.
    if (unfinished !== null || cleared) await repository.repairIndex(this.#signal);
    const suspect = await this.#saveVolumes(repository, snapshots);
    const found = await repository.check({ signal: this.#signal });
    const request = { ...this.#request, signal: this.#signal };
    this.#check = await mended(this.#world, request, repository, found, this.#notes);
    if (await this.#isWhole()) await this.#noteVerified(snapshots);
    await this.#keepRule(repository, suspect, snapshots);
    if (this.#volumes.every(({ report }) => report.outcome !== "failed")) await states.end(app);
  }

  async #clearLocks(repository: ResticRepository): Promise<boolean> {
    const { lease, lockHost, clock, log } = this.#world;
    const proof = await lockProof(lease, this.#request.held, lockHost);
    const { removed, alive } = await removeStaleLocks(repository, proof, clock, this.#signal);
    for (const lock of removed) log.info({ app: repository.app, lock }, "a stale lock was removed");
    for (const lock of alive) log.info({ app: repository.app, lock }, "somebody else works on it");
    return removed.length > 0;
  }

  async #saveVolumes(
    repository: ResticRepository,
    snapshots: readonly Snapshot[],
  ): Promise<SuspectRecord> {
    const { app, sources } = this.#request;
    const { hooks, states } = this.#world;
    const names = sources.map(({ volume }) => volume.name);
    let suspect = await states.suspect(app);
    const soFar: RunSoFar = {
      run: this.#run,
      repository,
      snapshots,
      suspect,
      signal: this.#signal,
    };
    try {
      this.#heed(await hooks.pre(app, names, this.#signal));
      for (const view of sources) {
        const volume = await this.#saveVolume(soFar, view);
        this.#volumes.push(volume);
        if (volume.suspect === null) continue;
        suspect = withSuspect(suspect, volume, this.#startedAt);
        // Before anything else is done with this app.
        await states.writeSuspect(suspect);
      }
    } finally {
      this.#heed(await hooks.post(app));
    }
    return suspect;
  }

  #heed({ consistent, notes }: HookOutcome): void {
    this.#notes.push(...notes);
    this.#consistent &&= consistent;
  }

  async #saveVolume(soFar: RunSoFar, view: RunRequest["sources"][number]): Promise<VolumeRun> {
    try {
      return await runVolume(this.#world, this.#request, soFar, view);
    } catch (error) {
      if (this.#signal.aborted || error instanceof RemoteFailure) throw error;
      const isOurs = error instanceof ResticFailure && error.kind !== "no-view";
      if (isOurs && error.kind !== "failed") throw error;
      return failedVolume(view, error);
    }
  }

  /** What was lost long ago makes new versions no worse. */
  async #isWhole(): Promise<boolean> {
    const check = this.#check;
    if (check === null || check.ok) return check !== null;
    return isKnownLoss(check, await this.#world.states.integrity(this.#request.app));
  }

  async #noteVerified(before: readonly Snapshot[]): Promise<void> {
    const { states } = this.#world;
    const known = await states.integrity(this.#request.app);
    const there = new Set(before.map(({ id }) => id));
    const made = this.#volumes.flatMap(({ report }) =>
      report.outcome === "complete" && report.snapshot !== null ? [report.snapshot] : [],
    );
    const verified = [...known.verified.filter((id) => there.has(id)), ...made];
    await states.writeIntegrity({ ...known, verified });
  }

  /** Of what was there before: the new versions are never removed, and count from the next run on. */
  async #keepRule(
    repository: ResticRepository,
    suspect: SuspectRecord,
    snapshots: readonly Snapshot[],
  ): Promise<void> {
    const { states, time, keep } = this.#world;
    const { app, held } = this.#request;
    const integrity = await states.integrity(app);
    const now = await time.now();
    const { forget, withheld } = planRetention({
      snapshots,
      keep,
      time: now,
      frozen: frozenBy(suspect, await this.#isWhole(), this.#volumes),
      verified: new Set(integrity.verified),
    });
    if (forget.length > 0) {
      await held.confirm();
      const names = forget.map(({ id }) => id);
      const permit = {
        run: this.#run,
        kinds: ["snapshots"] as const,
        names,
        maxCount: names.length,
        maxBytes: names.length * 65_536,
        inForce: () => held.held(),
      };
      await repository.forget(names, permit, this.#signal);
    }
    this.#retention = { forgotten: forget.map(({ id }) => id), withheld: [...withheld] };
  }

  async #report(): Promise<RunReport> {
    const { app, signal } = this.#request;
    const report = {
      schema: 1 as const,
      run: this.#run,
      app,
      outcome: this.#outcome(),
      notes: this.#notes,
      repository: this.#repository?.id ?? null,
      startedAt: this.#startedAt,
      endedAt: rfc3339(this.#world.clock.now()),
      timeTrusted: this.#time?.trusted ?? false,
      timeDoubt: this.#time?.doubt ?? null,
      volumes: this.#volumes.map((volume) => volume.report),
      check: this.#check && { ok: this.#check.ok, errors: [...this.#check.errors] },
      retention: this.#retention,
    };
    if (this.#repository === null || this.#signal.aborted) return report;
    try {
      await this.#world.history.record(this.#repository, report, signal);
    } catch (error) {
      report.notes.push(`what people see on the server is not up to date: ${messageOf(error)}`);
      this.#world.log.warn({ app, reason: messageOf(error) }, "the history was not written");
    }
    return report;
  }

  #outcome(): RunReport["outcome"] {
    if (this.#signal.aborted) return "interrupted";
    const outcomes = new Set(this.#volumes.map(({ report }) => report.outcome));
    const saved = outcomes.has("complete") || outcomes.has("partial");
    if (outcomes.has("suspect")) return "suspect";
    if (this.#failure !== null || (outcomes.has("failed") && !saved)) return "failed";
    if (this.#check?.ok !== true) return "degraded";
    const isAll = !outcomes.has("failed") && !outcomes.has("partial") && this.#consistent;
    return isAll ? "ok" : "partial";
  }
}

function withSuspect(
  record: SuspectRecord,
  { report, suspect }: VolumeRun,
  at: string,
): SuspectRecord {
  const since = record.volumes[report.volume]?.since ?? at;
  const reason = suspect ?? "";
  return {
    ...record,
    volumes: { ...record.volumes, [report.volume]: { reason, since } },
    snapshots: [...record.snapshots, ...(report.snapshot === null ? [] : [report.snapshot])],
  };
}

/** What speaks against removing anything of this app. */
function frozenBy(
  suspect: SuspectRecord,
  isWhole: boolean,
  volumes: readonly VolumeRun[],
): string[] {
  const destroyed = Object.entries(suspect.volumes).map(
    ([volume, { reason }]) => `volume ${volume} looks destroyed: ${reason}`,
  );
  const damaged = isWhole ? [] : ["the repository has damage"];
  const failed = volumes
    .filter(({ report }) => report.outcome === "failed")
    .map(({ report }) => `volume ${report.volume} could not be saved`);
  return [...destroyed, ...damaged, ...failed];
}
