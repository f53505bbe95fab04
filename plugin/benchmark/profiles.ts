import type { BenchFigure, BenchProfile } from "../../storage/bench-report.ts";

/** How much is done in one run of fio. */
export interface Scale {
  /** Bytes of the large file. */
  readonly large: number;
  /** Small files that are made, looked at and removed. */
  readonly files: number;
  /** Seconds of each job that goes on for a time. */
  readonly seconds: number;
}

const MiB = 1024 ** 2;

export const fullScale: Scale = { large: 64 * MiB, files: 500, seconds: 2 };
export const quickScale: Scale = { large: 32 * MiB, files: 200, seconds: 1 };

/** How a figure is read from what fio says of one job. */
export interface Measure extends Pick<BenchFigure, "id" | "profile" | "what" | "unit"> {
  readonly job: string;
  readonly side: "read" | "write";
  /**
   * Of which fio's times tell how long one took: of each transfer, of each fsync; of none where most of it is something
   * else, as opening and closing, or what the node's memory takes up at once.
   */
  readonly times: "transfer" | "sync" | "none";
  /** How often in a second is told by the time of one: what is over in a moment is too short for fio's clock of milliseconds. */
  readonly byTime?: true;
}

/** What can be told, in the order in which it is shown. */
export const measures: readonly Measure[] = [
  {
    id: "database-read",
    profile: "database",
    what: "random reads, 8 KiB",
    unit: "1/s",
    job: "database-mixed",
    side: "read",
    times: "transfer",
  },
  {
    id: "database-write",
    profile: "database",
    what: "random writes, 8 KiB",
    unit: "1/s",
    job: "database-mixed",
    side: "write",
    times: "transfer",
  },
  {
    id: "database-commit",
    profile: "database",
    what: "commits (fdatasync)",
    unit: "1/s",
    job: "database-commit",
    side: "write",
    times: "sync",
  },
  {
    id: "web-read",
    profile: "web",
    what: "pages opened and read",
    unit: "1/s",
    job: "web-read",
    side: "read",
    times: "none",
  },
  {
    id: "streaming-write",
    profile: "streaming",
    what: "large file written",
    unit: "bytes/s",
    job: "streaming-write",
    side: "write",
    times: "none",
  },
  {
    id: "streaming-read",
    profile: "streaming",
    what: "large file read",
    unit: "bytes/s",
    job: "streaming-read",
    side: "read",
    times: "none",
  },
  {
    id: "files-create",
    profile: "files",
    what: "small files made",
    unit: "1/s",
    job: "files-create",
    side: "write",
    times: "none",
  },
  {
    id: "files-stat",
    profile: "files",
    what: "small files looked at",
    unit: "1/s",
    job: "files-stat",
    side: "read",
    times: "transfer",
    byTime: true,
  },
  {
    id: "files-delete",
    profile: "files",
    what: "small files removed",
    unit: "1/s",
    job: "files-delete",
    side: "read",
    times: "transfer",
    byTime: true,
  },
];

/** Files beside the large one, in bytes. */
export const sizes = { pages: 200, page: 32 * 1024, small: 4096, log: 16 * MiB } as const;

/** Bytes that one run has on the disk at most. */
export function roomFor(profiles: readonly BenchProfile[], scale: Scale): number {
  const large = profiles.some((each) => each === "database" || each === "streaming");
  return (
    (large ? scale.large : 0) +
    (profiles.includes("database") ? sizes.log : 0) +
    (profiles.includes("web") ? sizes.pages * sizes.page : 0) +
    // A file takes a block of its own, and an inode.
    (profiles.includes("files") ? scale.files * 2 * sizes.small : 0)
  );
}

/** Seconds of a run where nothing is slow, the start of a container with them. */
export function secondsOf(profiles: readonly BenchProfile[], scale: Scale): number {
  const each: Record<BenchProfile, number> = {
    database: 2 * scale.seconds + 0.5,
    web: scale.seconds + 0.5,
    streaming: 1,
    files: 1,
  };
  return profiles.reduce((sum, profile) => sum + each[profile], 1.5);
}
