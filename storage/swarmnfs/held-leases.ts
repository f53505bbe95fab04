import { rfc3339, type Clock } from "../../service/clock.ts";
import type { RememberedLeases } from "./lease-memory.ts";
import type { Renewal } from "./protocol/lease.ts";
import type { LeaseStanding } from "../storage-server.ts";
import type { Attachment, UseSign } from "../storage.ts";

/** What this node has of a volume. */
export interface HeldLease {
  /** Of the volume's record; null while only a sign of use is known, after a start with volumes mounted. */
  readonly volumeId: string | null;
  readonly since: string;
  readonly consumers: readonly string[];
  /** What the server said to mount; null if it was not asked yet. */
  readonly attachment: Attachment | null;
  /** Why the server does not give it (any more); null: it does, as far as is known. */
  readonly lost: string | null;
}

/** One that the server granted, and what it said to mount. */
export type GrantedLease = HeldLease & { readonly attachment: Attachment };

/** The leases of this node as it knows them: what it was given, and what it still has to give back. */
export class HeldLeases {
  readonly #clock: Clock;
  readonly #held = new Map<string, HeldLease>();
  /** Given back here, and the server could not be told. */
  readonly #owed = new Map<string, HeldLease>();
  /** Of an earlier run; what became of it since is not known. */
  readonly #former = new Map<string, HeldLease>();
  readonly #onChange: () => void;

  /** `onChange` is told when {@link all} changes. */
  constructor(clock: Clock, onChange: () => void = () => {}) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** What an earlier run of this node had. */
  restore(leases: RememberedLeases["leases"]): void {
    for (const { volume, ...lease } of leases)
      this.#former.set(volume, { ...lease, consumers: [], lost: null });
  }

  /** What was granted and not given back, to be remembered over restarts. */
  all(): RememberedLeases["leases"] {
    return [...new Map([...this.#former, ...this.#owed, ...this.#held])].flatMap(
      ([volume, { volumeId, since, attachment, lost }]) =>
        volumeId === null || attachment === null || lost !== null
          ? []
          : [{ volume, volumeId, since, attachment: copied(attachment) }],
    );
  }

  get size(): number {
    return this.#held.size;
  }

  get owed(): readonly string[] {
    return [...this.#owed.keys()];
  }

  get(volume: string): HeldLease | null {
    return this.#held.get(volume) ?? null;
  }

  /** How many of each. */
  get standing(): Omit<LeaseStanding, "fenced"> {
    const lost = [...this.#held.values()].filter((lease) => lease.lost !== null).length;
    return { held: this.#held.size - lost, lost, owed: this.#owed.size };
  }

  /** What to say to the server: everything that is used here. */
  signs(): Renewal["signs"] {
    return [...this.#held].map(([volume, { since, consumers }]) => ({
      volume,
      since,
      consumers: [...consumers],
    }));
  }

  /** The server granted it. */
  granted(
    volume: string,
    volumeId: string,
    attachment: Attachment,
    consumers: readonly string[],
  ): void {
    const before = this.#held.get(volume);
    this.#held.set(volume, {
      volumeId,
      since: before?.since ?? rfc3339(this.#clock.now()),
      consumers: [...new Set([...(before?.consumers ?? []), ...consumers])],
      attachment,
      lost: null,
    });
    this.#forget(volume);
    this.#onChange();
  }

  /** Who uses what here, as whoever mounts it knows it. */
  sign(signs: readonly UseSign[]): void {
    for (const { volume, since, consumers } of signs) {
      const before = this.#held.get(volume) ?? this.#former.get(volume);
      this.#held.set(volume, {
        volumeId: before?.volumeId ?? null,
        attachment: before?.attachment ?? null,
        lost: before?.lost ?? null,
        since,
        consumers,
      });
    }
  }

  /** The server has taken it away, or does not give it. False: that was known already. */
  lose(volume: string, reason: string): boolean {
    const before = this.#held.get(volume);
    if (before === undefined || before.lost === reason) return false;
    this.#held.set(volume, { ...before, lost: reason });
    this.#forget(volume);
    this.#onChange();
    return true;
  }

  loseAll(reason: string): void {
    for (const volume of this.#held.keys()) this.lose(volume, reason);
    this.#owed.clear();
    this.#former.clear();
    this.#onChange();
  }

  /** Nothing of it is mounted here any more. Answers what it was. */
  drop(volume: string): HeldLease | null {
    const before =
      this.#held.get(volume) ?? this.#owed.get(volume) ?? this.#former.get(volume) ?? null;
    this.#held.delete(volume);
    return before;
  }

  /** The server could not be told of it. */
  owe(volume: string, lease: HeldLease): void {
    if (!this.#held.has(volume)) this.#owed.set(volume, lease);
  }

  /** The server was told, or knows of nothing. */
  settle(volume: string): void {
    this.#forget(volume);
    this.#onChange();
  }

  /**
   * What may be mounted although the server cannot be asked: what it granted to this node and was not given back, as far
   * as the server knows. The kernel there refuses it should that have changed.
   */
  recall(volume: string, volumeId: string | null): GrantedLease | null {
    const lease = this.#held.get(volume) ?? this.#owed.get(volume) ?? this.#former.get(volume);
    if (lease === undefined || lease.lost !== null || lease.attachment === null) return null;
    if (volumeId !== null && lease.volumeId !== volumeId) return null;
    return { ...lease, attachment: lease.attachment };
  }

  /** It is used again, as it was. */
  take(volume: string, lease: GrantedLease, consumers: readonly string[]): void {
    this.#forget(volume);
    const before = this.#held.get(volume);
    this.#held.set(volume, {
      ...lease,
      since: before?.since ?? rfc3339(this.#clock.now()),
      consumers: [...new Set([...(before?.consumers ?? []), ...consumers])],
    });
  }

  #forget(volume: string): void {
    this.#owed.delete(volume);
    this.#former.delete(volume);
  }
}

function copied({ source, options }: Attachment): RememberedLeases["leases"][number]["attachment"] {
  return { type: "nfs4", source, options: [...options] };
}
