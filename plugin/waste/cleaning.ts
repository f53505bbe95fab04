import { join } from "node:path";
import * as z from "zod";
import { type Clock, rfc3339, systemClock } from "../../service/clock.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { repeat } from "../../service/repeat.ts";
import { StateFile } from "../../service/state-file.ts";
import { UserError } from "../../service/user-error.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { nextTime } from "../../storage/rules/schedule.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import type { PluginMetrics } from "../metrics/metrics.ts";
import type { Settings } from "../settings.ts";
import type { StorageWatch } from "../storage-watch.ts";
import type { CleanSettings } from "./clean-settings.ts";
import type { WasteBin } from "./waste-bin.ts";

export interface CleaningParts {
  readonly settings: Pick<Settings, "clean" | "state">;
  /** Null where there is no engine. */
  readonly waste: WasteBin | null;
  readonly storage: Pick<Storage, "list" | "trash" | "purge">;
  readonly watch: Pick<StorageWatch, "id" | "trouble">;
  readonly node: NodeIdentity;
  readonly metrics: Pick<PluginMetrics, "cleaned">;
  readonly onDamage: (setAside: string, reason: string) => void;
  readonly clock?: Clock;
  readonly log: Log;
}

const minute = 60_000;
const dayMs = 86_400_000;
/** As `swarmnfs clean docker` does. */
const usualAgeMs = 7 * dayMs;
/** After a failure it is tried again after this; and given up until the next time after a day. */
const againMs = 10 * minute;
/** What is not gone by then waits for the next time. */
const forMs = 10 * minute;

const documentSchema = z.looseObject({
  schema: z.literal(1),
  /** When this was begun last, or when it was first thought of. */
  through: timeSchema,
  /** It has not been gone through to the end. */
  unfinished: z.boolean(),
});

/** One thing that is to go. */
interface Removal {
  readonly kind: string;
  readonly name: string;
  readonly bytes: number | null;
  /** Rejects with why it stays. */
  remove(): Promise<void>;
}

/** Cleans up on a schedule until the signal aborts. Where nothing is to be cleaned up nothing is kept of it. */
export async function beginCleaning(
  parts: CleaningParts,
  signal: AbortSignal,
  roundEveryMs = minute,
): Promise<void> {
  const { settings, onDamage, clock = systemClock, log } = parts;
  if (settings.clean === null) return;
  const begun = { schema: 1 as const, through: rfc3339(clock.now()), unfinished: false };
  const path = join(settings.state, "clean.json");
  const file = await StateFile.open(path, documentSchema, begun, onDamage);
  const cleaning = new Cleaning(parts, settings.clean, file, signal);
  const failed = (error: unknown): void =>
    log.warn({ reason: messageOf(error) }, "cleaning up failed; it is tried again");
  void repeat(roundEveryMs, () => cleaning.round(), signal, failed);
}

/** What was begun and not ended by a restart is gone on with; what was missed is made up for once. */
class Cleaning {
  readonly #parts: CleaningParts;
  readonly #settings: CleanSettings;
  readonly #file: StateFile<z.infer<typeof documentSchema>>;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  #triedAt = -Infinity;

  constructor(
    parts: CleaningParts,
    settings: CleanSettings,
    file: StateFile<z.infer<typeof documentSchema>>,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#file = file;
    this.#signal = signal;
    this.#clock = parts.clock ?? systemClock;
  }

  async round(): Promise<void> {
    const { data } = this.#file;
    const now = this.#clock.now();
    const through = Date.parse(data.through);
    const isGivenUp = data.unfinished && now - through >= dayMs;
    // One from the future was written by a clock that was wrong; so was the first, which is to be on disk.
    if (isGivenUp || through > now + dayMs) await this.#note(now, false);
    else if (this.#triedAt === -Infinity) await this.#file.save();
    if (!data.unfinished) {
      const due = nextTime(this.#settings.schedule.cron, Date.parse(data.through));
      if (due === null || due > now) {
        this.#triedAt = now - againMs;
        return;
      }
      await this.#note(now, true);
    } else if (Math.abs(now - this.#triedAt) < againMs) return;
    this.#triedAt = now;
    await this.#clean(now);
    if (!this.#signal.aborted) await this.#note(Date.parse(data.through), false);
  }

  async #note(through: number, unfinished: boolean): Promise<void> {
    const { data } = this.#file;
    [data.through, data.unfinished] = [rfc3339(through), unfinished];
    await this.#file.save();
  }

  async #clean(now: number): Promise<void> {
    const { log, metrics } = this.#parts;
    const { sorts, olderThanMs } = this.#settings;
    const before = rfc3339(now - (olderThanMs ?? usualAgeMs));
    const looked = await Promise.allSettled(
      sorts.map((sort) => (sort === "docker" ? this.#docker(before) : this.#trash(before))),
    );
    const found = looked.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    const end = performance.now() + forMs;
    let bytes = 0;
    let count = 0;
    for (const each of found) {
      if (this.#signal.aborted || performance.now() > end) break;
      const { kind, name } = each;
      try {
        await each.remove();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        log.info({ kind, name, reason: error.message }, "not cleaned up: it stays");
        continue;
      }
      log.info({ audit: "clean", kind, name, bytes: each.bytes }, "cleaned up");
      metrics.cleaned(kind, each.bytes ?? 0);
      count += 1;
      bytes += each.bytes ?? 0;
    }
    log.info({ found: found.length, removed: count, bytes }, "cleaned up as scheduled");
    // What could not be looked at is tried again, and with it all that stayed.
    for (const each of looked) if (each.status === "rejected") throw each.reason;
  }

  async #docker(before: string): Promise<Removal[]> {
    const { waste } = this.#parts;
    const found = (await waste?.find(before)) ?? [];
    return found.map(({ kind, id, name, bytes }) => ({
      kind,
      name,
      bytes,
      remove: async () => waste?.remove({ kind, id }, before),
    }));
  }

  /** What a node still shows signs of, which was silent when it was removed, may be written into: it stays. */
  async #trash(before: string): Promise<Removal[]> {
    const { storage, watch, node } = this.#parts;
    if (watch.id === null || watch.trouble !== null)
      throw new UserError(
        "unavailable",
        `the storage cannot be used: ${watch.trouble?.reason ?? "it was not looked at yet"}`,
      );
    const { uses, volumes } = await storage.list();
    const there = new Set(volumes.map(({ name }) => name));
    const isHeld = (name: string): boolean =>
      !there.has(name) && Object.hasOwn(uses, name) && (uses[name] ?? []).length > 0;
    const entries = (await storage.trash()).filter(
      ({ record }) => record.removedAt < before && !isHeld(record.volume.name),
    );
    return entries.map(({ id }) => ({
      kind: "trash",
      name: id,
      bytes: null,
      async remove() {
        if (!(await storage.purge([id], node)).includes(id))
          throw new UserError("not-found", "it was not in the trash any more");
      },
    }));
  }
}
