/** What is to be measured on the storage machine. Everything in it can be JSON. */
export interface Asked {
  /** A directory on the data disk, for this alone. */
  readonly disk: string;
  /** Where volumes are shown to the kernel. */
  readonly shown: string;
  /** How many exports there are when it is measured; each more than the one before. */
  readonly counts: readonly number[];
  readonly rounds: number;
}

/** Milliseconds, one a round: until it was done, and of the processor for it, mount(8) included. */
export interface Cost {
  readonly wall: number[];
  readonly processor: number[];
}

/** What it took with so many exports. */
export interface Measured {
  readonly count: number;
  /** All leases of a run before, once; milliseconds. */
  readonly takeUp: number;
  /** A lease of a volume that nobody had. */
  readonly first: Cost;
  /** One of a volume that was shown to somebody before. */
  readonly again: Cost;
  readonly revoke: Cost;
}
