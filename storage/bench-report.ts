export const benchProfiles = ["database", "web", "streaming", "files"] as const;

/** What is imitated: small reads and commits, many readers of pages, large files, many small files. */
export type BenchProfile = (typeof benchProfiles)[number];

export interface BenchRequest {
  readonly volume: string;
  /** Fewer and shorter rounds, and no options are tried. */
  readonly quick: boolean;
  /** Null: all. */
  readonly profile: BenchProfile | null;
}

export interface BenchProgress {
  /** In words for people, without an end. */
  readonly doing: string;
  /** How many runs of fio are over. */
  readonly done: number;
  readonly total: number;
  /** Seconds until all are; of what was measured so far, or a guess at first. */
  readonly secondsLeft: number;
}

/** What one kind of work reached in one place: the medians of all rounds. */
export interface BenchValue {
  /** Of each round, in the unit of its figure: what the median is of. */
  readonly rounds: readonly number[];
  readonly median: number;
  readonly bytesPerSecond: number;
  readonly iops: number;
  /** Milliseconds that 50 and 99 of 100 took at most; null where that is not known of one. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** One kind of work, in all places. */
export interface BenchFigure {
  readonly id: string;
  readonly profile: BenchProfile;
  readonly what: string;
  /** How many a second, or how many bytes a second. */
  readonly unit: "1/s" | "bytes/s";
  /** By the id of the place. */
  readonly values: Readonly<Record<string, BenchValue>>;
}

export interface BenchPlace {
  /** `volume`, `node`, or of an option that was tried. */
  readonly id: string;
  readonly what: string;
}

/** How one kind of work differs with an option. */
export interface BenchChange {
  readonly figure: string;
  readonly what: string;
  readonly unit: BenchFigure["unit"];
  readonly before: number;
  readonly after: number;
  /** `after` by `before`. */
  readonly ratio: number;
}

/** A mount option that was tried on a scratch volume. */
export interface BenchTrial {
  /** `noatime`, `without sync`. */
  readonly option: string;
  /** `worth it`: something is faster beyond all noise, and nothing slower. */
  readonly verdict: "worth it" | "mixed" | "slower" | "no difference";
  /** What differs beyond the noise; empty where nothing does. */
  readonly changes: readonly BenchChange[];
  /** What one gives up for it. */
  readonly costs: string;
  /** How it is made so. */
  readonly command: string;
}

export interface BenchReport {
  readonly volume: string;
  readonly app: string;
  readonly node: string;
  readonly storage: string;
  /** With which the volume, and so its scratch volume, is mounted. */
  readonly mountOptions: readonly string[];
  readonly rounds: number;
  /** Past the memory of the node where that can be had (O_DIRECT). */
  readonly direct: boolean;
  readonly places: readonly BenchPlace[];
  readonly figures: readonly BenchFigure[];
  readonly trials: readonly BenchTrial[];
  /** What was not measured or tried, and why. */
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  /** What could not be taken away, and what becomes of it; empty when nothing was left. */
  readonly remains: readonly string[];
}
