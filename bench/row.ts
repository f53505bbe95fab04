export interface Goal {
  readonly text: string;
  readonly met: boolean;
}

/** What was measured of one thing: its median, and where there are many values the 99th percentile. */
export interface Value {
  readonly median: number;
  readonly p99?: number;
  /** The median's standard error, where chance is not small beside it. */
  readonly error?: number;
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: "ms" | "s" | "MiB" | "MiB/s" | "requests" | "/s" | "%" | "×";
  /** Null for what is only there to be compared with. */
  readonly swarmnfs: Value | null;
  /** What it is compared with, in the same run. */
  readonly other: (Value & { readonly name: string }) | null;
  /** Ours divided by the other's; below 1 we are better, but for what is counted per second. */
  readonly ratio: number | null;
  /** Its standard error, where it was taken round by round. */
  readonly ratioError?: number;
  readonly goals: Goal[];
}

/** A goal of the kind "p99 < 5 ms". */
export function below(name: string, value: number, bound: number, unit: string): Goal {
  return { text: `${name} < ${bound.toLocaleString("en")}${unit}`, met: value < bound };
}

export function atMost(name: string, value: number, bound: number): Goal {
  return { text: `${name} ≤ ${bound.toFixed(1)}`, met: value <= bound };
}

export function atLeast(name: string, value: number, bound: number): Goal {
  return { text: `${name} ≥ ${bound}`, met: value >= bound };
}
