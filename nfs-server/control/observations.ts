/** What anybody may look at, and who may see how much of it. */
export interface Observations {
  /** For people and programs that watch. `state` is all that strangers hear. */
  health(): Promise<Health>;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
}

export interface Health {
  /** `degraded`: nodes are served, and somebody should look. */
  readonly state: "ok" | "degraded" | "failed";
  readonly [fact: string]: unknown;
}
