import type { Log } from "../service/log.ts";
import type { NodeIdentity, Storage } from "../storage/storage.ts";
import type { Drift } from "./drift.ts";
import type { Guard } from "./guard/guard.ts";
import type { HookListener } from "./hooks/hook-listener.ts";
import type { Mounts } from "./mounts.ts";
import type { Reconciler } from "./reconciler.ts";
import { repeat } from "../service/repeat.ts";
import type { Revival } from "./revival.ts";
import type { StorageWatch } from "./storage-watch.ts";

/** Milliseconds between rounds. */
const tickMs = 2_000;
const lookMs = 60_000;
/** While nothing is mounted here: whoever asks Docker for a volume has the storage looked at anyway. */
const restingLookMs = 300_000;
const reconcileMs = 60_000;
const driftMs = 300_000;
/** Below a third of the 90 s after which a sign of use lapses, and below the 30 s after which a keeper rests: so it is
 * awake, and a mount need not wait for it, wherever volumes are in use. */
const renewMs = 25_000;
const housekeepingMs = 300_000;
/** Whoever asks all nodes how they are waits for a minute, the backup service for half of one. */
const rollCallMs = 10_000;

export interface RoundsParts {
  readonly storage: Storage;
  readonly watch: StorageWatch;
  readonly mounts: Mounts;
  readonly node: NodeIdentity;
  readonly guard: Guard;
  readonly hooks: HookListener;
  readonly fill: () => Promise<void>;
  /** Null, both, where there is no engine to ask. */
  readonly reconciler: Reconciler | null;
  readonly drift: Drift | null;
  /** Null when stopped containers are left alone. */
  readonly revival: Revival | null;
  readonly log: Log;
}

/** Everything that happens without being asked for, until `signal` aborts. */
export function startRounds(parts: RoundsParts, signal: AbortSignal): void {
  const { storage, watch, mounts, node, guard, hooks, reconciler, drift, revival, log } = parts;
  const quietly = (error: unknown): void =>
    log.debug({ err: error }, "a round failed; the next one comes");

  let reconciledAt = -Infinity;

  // A storage in trouble is looked at with every tick: its return should be noticed at once.
  void repeat(tickMs, async () => watch.lookIfOlderThan(lookEveryMs()), signal, quietly);
  void repeat(tickMs, async () => fillWhatIsLeft(), signal, quietly);
  void repeat(tickMs, () => guard.round(), signal, quietly);
  void repeat(tickMs, () => heedBackup(), signal, quietly);
  void repeat(renewMs, () => mounts.renew(), signal, quietly);
  void repeat(housekeepingMs, async () => housekeep(), signal, quietly);
  if (storage.isCalled !== undefined)
    void repeat(rollCallMs, () => lookWhenCalled(), signal, quietly);
  if (reconciler !== null) void repeat(tickMs, () => reconcile(reconciler), signal, quietly);
  if (drift !== null) void repeat(driftMs, () => drift.refresh(), signal, quietly);
  if (revival !== null) void repeat(tickMs, () => revive(revival), signal, quietly);

  function lookEveryMs(): number {
    if (watch.trouble !== null) return tickMs;
    return mounts.rows().length > 0 ? lookMs : restingLookMs;
  }

  async function lookWhenCalled(): Promise<void> {
    const isAway = watch.id === null || watch.trouble !== null;
    if (!isAway && (await storage.isCalled?.()) === true) await watch.lookAnew();
  }

  /** Containers that stand still for a backup should do so no longer than it takes. */
  async function heedBackup(): Promise<void> {
    hooks.round();
    if (hooks.isBusy && watch.trouble === null) await watch.lookAnew();
  }

  async function fillWhatIsLeft(): Promise<void> {
    if (watch.id !== null && watch.trouble === null) await parts.fill();
  }

  async function housekeep(): Promise<void> {
    if (watch.id === null || watch.trouble !== null) return;
    const report = await storage.housekeep(node);
    if (report.purged.length > 0)
      log.info({ audit: "purge", purged: report.purged }, "destroyed what was past its time");
  }

  /** Once a minute, and at once while somebody was admitted by memory. */
  async function reconcile(table: Reconciler): Promise<void> {
    const isDue = performance.now() - reconciledAt > reconcileMs;
    if (!isDue && !mounts.rows().some(({ provisional }) => provisional)) return;
    await table.round();
    reconciledAt = performance.now();
  }

  async function revive(stopped: Revival): Promise<void> {
    if (stopped.isPending && watch.id !== null && watch.trouble === null) await stopped.revive();
  }
}
