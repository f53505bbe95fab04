import { v7 as uuid } from "uuid";
import * as z from "zod";
import { bounded } from "../../service/bounded.ts";
import { rfc3339, type Clock } from "../../service/clock.ts";
import { formatDuration } from "../../service/age.ts";
import { UserError } from "../../service/user-error.ts";
import { Directory } from "../../storage/directory/confined.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import { timeSchema } from "../../storage/records/fields.ts";
import { DamagedRecord, parseRecord } from "../../storage/records/parse.ts";
import { uptimeMs } from "../clock/uptime.ts";

/** One life of a backup service: from its start to its end, however it ends. */
export interface Incarnation {
  readonly id: string;
  readonly node: string;
  /** The host name in restic's locks while this incarnation lives; no other one has had it. */
  readonly lockHost: string;
}

const leaseSchema = z.looseObject({
  schema: z.literal(1),
  /** Grows by one with every new holder: the fencing counter. */
  counter: z.int().min(1),
  incarnation: z.string(),
  node: z.string(),
  lockHost: z.string(),
  takenAt: timeSchema,
  renewedAt: timeSchema,
  /** Given back: its holder had ended whatever it did. */
  released: z.boolean(),
});
export type LeaseRecord = z.infer<typeof leaseSchema>;

/** Milliseconds. A holder that could not renew for `giveUp` ends all it does, well before others may take over. */
export interface LeaseTimes {
  readonly term: number;
  readonly renew: number;
  readonly giveUp: number;
}

export const leaseTimes: LeaseTimes = { term: 60_000, renew: 15_000, giveUp: 40_000 };

/** Former holders that are remembered: their locks in repositories are proved to be dead ones. */
const remembered = 50;

/**
 * The right to write to the backups of one storage: one service at a time has it. Lies on the storage, for no WebDAV server
 * has a lock that all have. `<storage>/.swarmnfs/backup/lease/<counter>.json` is made by link(2), which only one can do;
 * whoever has the highest counter is the holder. Ages are by the storage's own clock, from the files' modification times.
 */
export class StorageLease {
  readonly #root: string;
  readonly #me: Incarnation;
  readonly #clock: Clock;
  readonly #times: LeaseTimes;

  constructor(root: string, me: Incarnation, clock: Clock, times: LeaseTimes = leaseTimes) {
    this.#root = root;
    this.#me = me;
    this.#clock = clock;
    this.#times = times;
  }

  /**
   * Takes the lease, which is renewed from then on. Throws `in-use`, naming the holder, while another service has it and
   * shows signs of life, and `unavailable` if the storage does not answer.
   */
  async acquire(): Promise<HeldLease> {
    const began = uptimeMs();
    const record = await this.#bounded(async (folder) => {
      const current = await latest(folder);
      const age = current === null ? null : await this.#age(folder, current);
      if (current !== null && age !== null && !current.record.released && age < this.#times.term)
        throw inCharge(current.record, age);
      const next = this.#record((current?.record.counter ?? 0) + 1);
      const temporary = uuid();
      await folder.write(temporary, textOf(next));
      try {
        if (!(await folder.link(temporary, folder, fileOf(next.counter))))
          throw new UserError(
            "in-use",
            "another backup service took the lease at this very moment",
          );
      } finally {
        await folder.unlink(temporary);
      }
      await folder.sync();
      return next;
    });
    return new HeldLease(this, record, began, this.#times);
  }

  /** Who has, or had, it last; null if nobody ever did. */
  holder(): Promise<LeaseRecord | null> {
    return this.#bounded(async (folder) => (await latest(folder))?.record ?? null);
  }

  /** Former holders: all that they did has ended, by themselves or by their term. Newest first. */
  former(mine: HeldLease): Promise<readonly LeaseRecord[]> {
    return this.#bounded(async (folder) => {
      const counters = (await countersIn(folder)).filter((counter) => counter < mine.counter);
      const records = await Promise.all(counters.map((counter) => read(folder, counter)));
      return records.filter((found) => found !== null).map(({ record }) => record);
    });
  }

  /** For the holder: renews it, or gives it back. False: somebody else has it by now. */
  async renew(record: LeaseRecord, released: boolean): Promise<boolean> {
    return this.#bounded(async (folder) => {
      const newest = (await countersIn(folder))[0] ?? 0;
      if (newest !== record.counter) return false;
      const temporary = uuid();
      const renewedAt = rfc3339(this.#clock.now());
      await folder.write(temporary, textOf({ ...record, renewedAt, released }));
      await folder.rename(temporary, folder, fileOf(record.counter));
      for (const old of (await countersIn(folder)).slice(remembered))
        await folder.unlink(fileOf(old));
      return ((await countersIn(folder))[0] ?? 0) === record.counter;
    });
  }

  #record(counter: number): LeaseRecord {
    const { id, node, lockHost } = this.#me;
    const now = rfc3339(this.#clock.now());
    return {
      schema: 1,
      counter,
      incarnation: id,
      node,
      lockHost,
      takenAt: now,
      renewedAt: now,
      released: false,
    };
  }

  /** By the storage's clock: a file that was written just now is compared with it. */
  async #age(folder: Directory, current: Found): Promise<number> {
    const probe = uuid();
    const written = await folder.write(probe, "", true);
    await folder.unlink(probe);
    return Number(written.mtimeMs) - current.mtimeMs;
  }

  async #bounded<Result>(work: (folder: Directory) => Promise<Result>): Promise<Result> {
    const limit = this.#times.giveUp;
    const seconds = Math.ceil(limit / 1000);
    return bounded(
      this.#inFolder(work),
      limit,
      () => new UserError("unavailable", `the storage did not answer within ${seconds} s`),
    );
  }

  async #inFolder<Result>(work: (folder: Directory) => Promise<Result>): Promise<Result> {
    await using root = await Directory.root(this.#root);
    await using meta = await root.open(metaFolder);
    await using backup = await meta.make("backup", 0o700);
    await using folder = await backup.make("lease", 0o700);
    return await work(folder);
  }
}

/** The lease while we have it. */
export class HeldLease {
  readonly #lease: StorageLease;
  readonly #record: LeaseRecord;
  readonly #times: LeaseTimes;
  readonly #lost = new AbortController();
  #renewed: number;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(lease: StorageLease, record: LeaseRecord, began: number, times: LeaseTimes) {
    this.#lease = lease;
    this.#record = record;
    this.#renewed = began;
    this.#times = times;
    this.#schedule();
  }

  get counter(): number {
    return this.#record.counter;
  }

  /** Aborts when it is lost: whatever writes has to end then, at once. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Whether it is ours beyond doubt. By the machine's time since boot, which goes on while it sleeps: a process that was
   * stopped for a while knows so at once.
   */
  held(): boolean {
    if (this.#lost.signal.aborted) return false;
    return uptimeMs() - this.#renewed < this.#times.giveUp;
  }

  /** Looks at the storage whether it is still ours. Throws `conflict` if not. To be done before what cannot be taken back. */
  async confirm(): Promise<void> {
    await this.#renew();
    if (!this.held())
      throw new UserError(
        "conflict",
        "another backup service took over meanwhile, or the storage does not answer: nothing more is written",
      );
  }

  /** Gives it back. All that was done under it must have ended. */
  async release(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#renewing.catch(() => undefined);
    if (!this.#lost.signal.aborted) {
      this.#lost.abort();
      await this.#lease.renew(this.#record, true);
    }
  }

  async #renew(): Promise<void> {
    if (this.#lost.signal.aborted) return;
    const began = uptimeMs();
    try {
      if (await this.#lease.renew(this.#record, false)) this.#renewed = began;
      else this.#lost.abort();
    } catch {
      // The storage may answer the next time; `giveUp` bounds how long.
    }
    if (!this.held()) this.#lost.abort();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renewAgain();
    }, this.#times.renew);
    this.#timer.unref();
  }

  async #renewAgain(): Promise<void> {
    await this.#renew();
    if (!this.#lost.signal.aborted) this.#schedule();
  }
}

interface Found {
  readonly record: LeaseRecord;
  readonly mtimeMs: number;
}

async function latest(folder: Directory): Promise<Found | null> {
  const [newest] = await countersIn(folder);
  return newest === undefined ? null : read(folder, newest);
}

/** Highest first. */
async function countersIn(folder: Directory): Promise<number[]> {
  const names = await folder.names();
  return names
    .filter((name) => /^\d{1,15}\.json$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => b - a);
}

/** A damaged one counts as it should: somebody took it, and nobody renews it. */
async function read(folder: Directory, counter: number): Promise<Found | null> {
  const file = await folder.read(fileOf(counter));
  if (file === null) return null;
  const mtimeMs = Number(file.stamp.mtimeMs);
  try {
    return { record: parseRecord(file.text, leaseSchema), mtimeMs };
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    const time = rfc3339(mtimeMs);
    const unknown = { incarnation: "unknown", node: "unknown", lockHost: "", released: false };
    const record = { schema: 1 as const, counter, ...unknown, takenAt: time, renewedAt: time };
    return { record, mtimeMs };
  }
}

function inCharge(record: LeaseRecord, age: number): UserError {
  return new UserError(
    "in-use",
    `the backup service on node ${record.node} is in charge of this storage (last seen ${formatDuration(age)} ago). Only one may write backups: stop one of the two, or wait until the other has ended`,
  );
}

function fileOf(counter: number): string {
  return `${counter}.json`;
}

function textOf(record: LeaseRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
