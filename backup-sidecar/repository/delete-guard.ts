import { RemoteFailure } from "./failure.ts";
import type { DeletableKind, Permit } from "./permit.ts";

/** Kinds that may go without leave: locks are restic's own, and what is temporary was never anything else. */
const free: ReadonlySet<DeletableKind> = new Set(["locks", "temporary"]);
const named: ReadonlySet<DeletableKind> = new Set(["snapshots", "keys", "history"]);

/** Lets nothing be deleted but what a permit covers, and counts. One for each permit, for as long as that is used. */
export class DeleteGuard {
  readonly #permit: Permit | null;
  #count = 0;
  #bytes = 0;

  constructor(permit: Permit | null) {
    this.#permit = permit;
  }

  get deleted(): number {
    return this.#count;
  }

  /** Counts a deletion that is about to be done. Throws `forbidden` when the permit does not cover it. */
  admit(kind: DeletableKind, name: string, bytes: number): void {
    if (free.has(kind)) return;
    const permit = this.#permit;
    if (permit === null || !permit.kinds.includes(kind))
      throw refusal(`nothing of ${kind} may be deleted now`);
    // A prune writes and replaces indexes of its own on its way: what binds there is that they were read back.
    const mustBeNamed = named.has(kind) || (permit.names !== null && kind !== "index");
    if (mustBeNamed && permit.names?.includes(name) !== true)
      throw refusal(`${name} of ${kind} is not among what run ${permit.run} may delete`);
    if (permit.inForce?.() === false)
      throw refusal(`run ${permit.run} has lost the lease of the storage`);
    if (this.#count + 1 > permit.maxCount)
      throw refusal(`run ${permit.run} may delete ${permit.maxCount} files and has done so`);
    if (this.#bytes + bytes > permit.maxBytes)
      throw refusal(`run ${permit.run} may delete ${permit.maxBytes} bytes and this would be more`);
    this.#count += 1;
    this.#bytes += bytes;
  }
}

function refusal(reason: string): RemoteFailure {
  return new RemoteFailure(
    "forbidden",
    `Refused by the delete guard: ${reason}. Nothing was deleted`,
  );
}
