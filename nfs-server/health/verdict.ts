/** How it stands with one thing that the server needs. */
export interface Verdict {
  /** `degraded`: nodes are served, and somebody should look. `failed`: they are not. */
  readonly state: "ok" | "degraded" | "failed";
  /** What is wrong and what to do, in words for people; empty when all is well. */
  readonly reason: string;
}

export const well: Verdict = { state: "ok", reason: "" };

export function degraded(reason: string): Verdict {
  return { state: "degraded", reason };
}

export function failed(reason: string): Verdict {
  return { state: "failed", reason };
}

const order = ["ok", "degraded", "failed"] as const;

/** The worst of all. */
export function worst(states: Iterable<Verdict["state"]>): Verdict["state"] {
  let found: Verdict["state"] = "ok";
  for (const state of states) if (order.indexOf(state) > order.indexOf(found)) found = state;
  return found;
}

/** Something to look at regularly, and what may mend it. */
export interface Check {
  /** Short and lasting: a label of metrics. */
  readonly name: string;
  /** May reject or hang: then the check itself is degraded. */
  look(): Promise<Verdict>;
  /** Called when it is not ok, now and again. What it mends is seen by looking again. */
  repair?(): Promise<void>;
}
