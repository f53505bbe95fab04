import type { SessionCounts } from "./bridge.ts";
import type { Tally } from "../http/endpoint.ts";
import type { RemoteFailure } from "../failure.ts";

/** What a session has counted, what it waits for, and what ended it. */
export class SessionState implements Tally {
  readonly #listeners = new Set<(trouble: RemoteFailure) => void>();
  readonly #requests: Record<string, number> = {};
  #sentBytes = 0;
  #receivedBytes = 0;
  #repeats = 0;
  #trouble: RemoteFailure | null = null;
  #waitingFor: RemoteFailure | null = null;

  request(method: string): void {
    this.#requests[method] = (this.#requests[method] ?? 0) + 1;
  }

  moved(direction: "sent" | "received", bytes: number): void {
    if (direction === "sent") this.#sentBytes += bytes;
    else this.#receivedBytes += bytes;
  }

  waiting(failure: RemoteFailure | null): void {
    if (failure !== null) this.#repeats += 1;
    this.#waitingFor = failure;
  }

  counts(deleted: number): SessionCounts {
    return {
      requests: { ...this.#requests },
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      repeats: this.#repeats,
      deleted,
    };
  }

  get trouble(): RemoteFailure | null {
    return this.#trouble;
  }

  get waitingFor(): RemoteFailure | null {
    return this.#waitingFor;
  }

  /** Only the first counts: what follows is its consequence. */
  end(trouble: RemoteFailure): void {
    if (this.#trouble !== null) return;
    this.#trouble = trouble;
    for (const listener of this.#listeners) listener(trouble);
    this.#listeners.clear();
  }

  onTrouble(listener: (trouble: RemoteFailure) => void): () => void {
    if (this.#trouble !== null) listener(this.#trouble);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
