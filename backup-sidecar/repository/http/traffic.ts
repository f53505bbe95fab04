import type { FailureKind } from "../failure.ts";
import { statusFailure } from "./status-failure.ts";

/** How a request ended: well, refused for what it would have changed, or as a failure of that kind. */
export type RequestResult = "ok" | "refused" | FailureKind;

export interface RequestCount {
  readonly method: string;
  readonly result: RequestResult;
  readonly count: number;
}

export interface TrafficCounts {
  readonly requests: readonly RequestCount[];
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A folder that is there already, a parent that is not, a file that must not be replaced: part of the way things go. */
const refusals: ReadonlySet<number> = new Set([405, 409, 412]);

/** All requests to the backup server in this life of the service, repeated ones and those for passwords among them. */
export class Traffic {
  readonly #requests = new Map<string, RequestCount>();
  #sentBytes = 0;
  #receivedBytes = 0;

  answered(method: string, status: number): void {
    this.ended(method, resultOf(status));
  }

  ended(method: string, result: RequestResult): void {
    const key = `${method} ${result}`;
    const count = (this.#requests.get(key)?.count ?? 0) + 1;
    this.#requests.set(key, { method, result, count });
  }

  moved(direction: "sent" | "received", bytes: number): void {
    if (direction === "sent") this.#sentBytes += bytes;
    else this.#receivedBytes += bytes;
  }

  get counts(): TrafficCounts {
    const requests = [...this.#requests.values()];
    return { requests, sentBytes: this.#sentBytes, receivedBytes: this.#receivedBytes };
  }
}

function resultOf(status: number): RequestResult {
  if (status < 400) return "ok";
  return refusals.has(status) ? "refused" : statusFailure("", "", status, {}).kind;
}
