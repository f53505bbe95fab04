/** What is worth counting. */
export interface LeaseEvents {
  granted(): void;
  ended(): void;
  fenced(): void;
}

/** Nobody counts. */
export const uncounted: LeaseEvents = { granted() {}, ended() {}, fenced() {} };
