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

/** Milliseconds with so many exports. */
export interface Measured {
  readonly count: number;
  /** All leases of a run before, once. */
  readonly takeUp: number;
  /** A lease of a volume that nobody had. */
  readonly first: number[];
  /** One of a volume that was shown to somebody before. */
  readonly again: number[];
  readonly revoke: number[];
}
