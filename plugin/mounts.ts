import type { VolumeRecord } from "../storage/records/volume.ts";
import type { Attachment, UseSign } from "../storage/storage.ts";
import type { Log } from "../service/log.ts";
import { messageOf } from "../service/message-of.ts";
import type { Attachments } from "./attachments.ts";
import { Attempts } from "./attempts.ts";
import type { Call } from "./call.ts";
import { KeyedQueue } from "../service/keyed-queue.ts";
import type { LiveHolders } from "./live-holders.ts";
import type { MountAttempts } from "./mount-attempts.ts";
import type { Mounter } from "./mounter.ts";
import { MountedVolumes } from "./mounted-volumes.ts";
import type { MountRow, MountTable } from "./mount-table.ts";
import { slow, unwritable } from "./mount-trouble.ts";
import { Timers } from "./timers.ts";

/** A container may be listed as running that long after its Unmount; later it is the minute's comparison that sees it. */
const stoppingMs = 15_000;

/**
 * The volumes mounted on this node and who holds them. One attempt at a time per volume, shared by all who wait for it;
 * volumes never wait for each other. A volume is unmounted only when no mount id holds it and the engine says that no
 * container does.
 */
export class Mounts {
  readonly #table: MountTable;
  readonly #mounted: MountedVolumes;
  readonly #attachments: Attachments;
  readonly #holders: LiveHolders;
  readonly #log: Log;
  readonly #attempted: Pick<MountAttempts, "run">;
  readonly #queue = new KeyedQueue();
  readonly #attempts = new Attempts<string>();
  readonly #timers: Timers;

  constructor(parts: {
    table: MountTable;
    mounter: Mounter;
    attachments: Attachments;
    holders: LiveHolders;
    /** Milliseconds a volume stays mounted after its last holder left: spares restarts and `docker cp` a remount. */
    lingerMs: number;
    /** Counts what comes of each mount. */
    attempted: Pick<MountAttempts, "run">;
    log: Log;
  }) {
    this.#table = parts.table;
    this.#mounted = new MountedVolumes(parts.mounter, parts.attachments);
    this.#attachments = parts.attachments;
    this.#holders = parts.holders;
    this.#timers = new Timers(parts.lingerMs);
    this.#attempted = parts.attempted;
    this.#log = parts.log;
  }

  /** After a start: what is mounted is taken over, what the table says beside it is kept until the engine speaks. */
  async adopt(): Promise<void> {
    const mounted = await this.#mounted.adopt();
    // Only where the table knows that nobody holds it: of what it does not know, containers may.
    for (const { volume } of this.#table.rows()) this.#linger(volume);
    const now = new Date().toISOString();
    for (const volume of mounted) this.#table.row(volume, now);
    // A disk that is full must not keep the plugin from starting; it is told of with the first hold.
    await this.#table.save().catch((error: unknown) => {
      this.#log.warn({ err: error }, "the mount table cannot be written");
    });
  }

  /** Finds out what was mounted without us, by a mount(8) that outlived a killed plugin, or taken away behind our back. */
  async look(): Promise<void> {
    for (const volume of await this.#mounted.odd()) {
      await this.#queue.run(volume, async () => {
        if (await this.#mounted.check(volume)) this.#table.row(volume, new Date().toISOString());
      });
    }
  }

  /** True for a mount id that holds the volume already: `docker cp`, or a container Docker lost sight of. */
  isHeldBy(volume: string, id: string): boolean {
    return this.#table.get(volume)?.holders.some((holder) => holder.id === id) ?? false;
  }

  /** What is happening to the volume on this node, and since when. */
  state(volume: string): {
    readonly state: "mounting" | "mounted" | "idle";
    readonly since: string | null;
  } {
    const since = this.#table.get(volume)?.since ?? null;
    if (this.#attempts.isRunning(volume)) return { state: "mounting", since };
    return this.#mounted.has(volume) ? { state: "mounted", since } : { state: "idle", since: null };
  }

  row(volume: string): MountRow | null {
    return this.#table.get(volume);
  }

  rows(): readonly MountRow[] {
    return this.#table.rows();
  }

  /** Signs of use for every volume mounted or used here. */
  signs(): UseSign[] {
    return this.#table.rows().map(({ volume, since, consumers }) => ({ volume, since, consumers }));
  }

  /** Renews them on the storage, which else lets them lapse. Rejects when it does not take them. */
  renew(): Promise<void> {
    return this.#attachments.renew(this.signs());
  }

  path(volume: string): string {
    return this.#mounted.path(volume);
  }

  isMounted(volume: string): boolean {
    return this.#mounted.has(volume);
  }

  /**
   * Mounts the volume if it is not, counts `id` as its holder, and answers the proven place. When Docker hung up
   * meanwhile the hold is undone, since no Unmount would ever come for it.
   */
  async hold(
    record: VolumeRecord,
    id: string,
    consumers: readonly string[],
    provisional: boolean,
    call: Call,
  ): Promise<string> {
    const volume = record.name;
    this.#timers.cancel(volume);
    const arrived = this.#attempts.arrive(volume);
    const now = new Date().toISOString();
    try {
      const source = await call.within(this.#ensureMounted(record, consumers), slow);
      this.#table.hold(volume, id, now, { source, consumers });
    } finally {
      arrived();
      this.#linger(volume);
    }
    const row = this.#table.row(volume, now);
    row.consumers = [...new Set([...row.consumers, ...consumers])];
    row.provisional ||= provisional;
    try {
      await this.#table.save();
    } catch (error) {
      this.#table.release(volume, id, now);
      this.#linger(volume);
      throw unwritable(error);
    }
    if (call.isOver) {
      await this.release(volume, id);
      throw slow();
    }
    return this.#mounted.path(volume);
  }

  /** Takes one hold away. The last one starts the linger, after which the volume is unmounted. */
  async release(volume: string, id: string): Promise<void> {
    this.#table.release(volume, id, new Date().toISOString());
    try {
      await this.#table.save();
    } finally {
      this.#linger(volume);
    }
  }

  /**
   * Unmounts the volume if nobody holds it: no mount id, and by the engine's word no container. Answers who still
   * does, null when the engine did not say; nothing was unmounted then. Also of what is not mounted by us any more the
   * engine is asked: containers keep their own copy of what was unmounted lazily.
   */
  collect(volume: string): Promise<readonly string[] | null> {
    return this.#queue.run(volume, async () => {
      if (this.#table.get(volume) === null && !this.#mounted.has(volume))
        return this.#isWanted(volume) ? ["a container"] : this.#holders.of(volume);
      return this.#collected(volume, () => this.#isWanted(volume));
    });
  }

  /**
   * The same by the engine's word alone: holds whose Unmount never came count for nothing, unless they began after this
   * call. For a volume that Docker says nobody uses, as it does by its Remove. `then` runs once it is unmounted, before
   * anybody can mount it again.
   */
  forsake(volume: string, then?: () => Promise<void>): Promise<readonly string[] | null> {
    const lastHold = this.#table.lastHoldOf(volume);
    const isHeldAnew = (): boolean =>
      this.#attempts.isExpected(volume) || this.#table.lastHoldOf(volume) > lastHold;
    return this.#queue.run(volume, async () => {
      const holders = await this.#collected(volume, isHeldAnew);
      if (holders?.length === 0) await then?.();
      return holders;
    });
  }

  /** Unmounts the volume whoever uses it: the storage has taken it away, and what containers still see of it is dead. */
  abandon(volume: string): Promise<void> {
    return this.#queue.run(volume, async () => {
      await this.#collected(volume, () => this.#isWanted(volume));
      if (this.#mounted.has(volume)) await this.#mounted.unmount(volume);
    });
  }

  /** A container uses a volume that is not mounted by us any more (after `disable -f`): it still counts as used here. */
  async witness(volume: string, consumers: readonly string[]): Promise<void> {
    const row = this.#table.row(volume, new Date().toISOString());
    if (row.consumers.join("\n") === consumers.join("\n")) return;
    row.consumers = [...consumers];
    await this.#table.save();
  }

  /** No timer fires any more; mounts stay as they are. */
  stop(): void {
    this.#timers.cancelAll();
  }

  /** Answers what is mounted. */
  #ensureMounted(record: VolumeRecord, consumers: readonly string[]): Promise<string> {
    const volume = record.name;
    const began = performance.now();
    const { done, isNew } = this.#attempts.share(
      volume,
      record.id,
      () => this.#queue.run(volume, () => this.#mountNow(record, consumers)),
      // Whoever waited may be gone; then nobody else will ever unmount it.
      () => this.#linger(volume),
    );
    // Its failure is told to whoever waits; nobody may be left to.
    if (isNew)
      done.catch((error: unknown) => {
        const ms = Math.round(performance.now() - began);
        this.#log.info({ volume, ms, reason: messageOf(error) }, "could not be mounted");
      });
    return done;
  }

  async #mountNow(record: VolumeRecord, consumers: readonly string[]): Promise<string> {
    const volume = record.name;
    const attachment =
      (await this.#mounted.standing(record)) ??
      (await this.#attempted.run(volume, () => this.#attachAndMount(record, consumers)));
    const now = new Date().toISOString();
    const row = this.#table.row(volume, now);
    if (row.holders.length === 0) row.since = now;
    row.touchedAt = now;
    return attachment.source;
  }

  async #attachAndMount(record: VolumeRecord, consumers: readonly string[]): Promise<Attachment> {
    const volume = record.name;
    const attachment = await this.#attachments.ask(record, consumers);
    await this.#mounted.ensure(volume, attachment).catch((error: unknown) => {
      void this.#queue.run(volume, () => this.#detachUnused(volume));
      throw error;
    });
    return attachment;
  }

  async #unmount(volume: string): Promise<void> {
    this.#timers.cancel(volume);
    await this.#mounted.unmount(volume);
    this.#table.drop(volume);
    this.#log.info({ volume }, "unmounted");
    await this.#detachUnused(volume);
    await this.#table.save();
  }

  async #detachUnused(volume: string): Promise<void> {
    if (this.#table.get(volume) === null) await this.#attachments.giveBack(volume);
  }

  /** To be run in the volume's queue. */
  async #collected(volume: string, isHeld: () => boolean): Promise<readonly string[] | null> {
    const row = this.#table.get(volume);
    const names = row?.consumers.length ? row.consumers : ["a container"];
    if (isHeld()) return names;
    if (row === null && !this.#mounted.has(volume)) return [];
    const live = await this.#holders.of(volume);
    if (live === null || live.length > 0) {
      // Docker lists a container as running until it has stopped, which is after its Unmount.
      if (row !== null && this.#table.ageOf(volume) < stoppingMs) this.#linger(volume);
      return live ?? (this.#isWanted(volume) ? names : null);
    }
    // A hold may have come while we asked.
    if (isHeld()) return names;
    await this.#unmount(volume);
    return [];
  }

  #isWanted(volume: string): boolean {
    return this.#attempts.isExpected(volume) || (this.#table.get(volume)?.holders.length ?? 0) > 0;
  }

  #linger(volume: string): void {
    if (this.#isWanted(volume) || !this.#mounted.has(volume)) return;
    this.#timers.set(volume, () => {
      this.collect(volume).catch((error: unknown) =>
        this.#log.error({ volume, err: error }, "cannot unmount"),
      );
    });
  }
}
