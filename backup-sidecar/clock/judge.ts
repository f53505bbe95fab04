import { formatDuration } from "../../service/age.ts";

/** Clocks that differ by less agree. */
export const toleranceMs = 5 * 60_000;

/** How far other clocks are ahead of this machine's, in milliseconds. */
export interface Opinions {
  /** Of every time server that answered. */
  readonly ntp: readonly number[];
  /** Of the WebDAV server, by its answers' `Date`; null if it says none. */
  readonly server: number | null;
}

export interface Judgement {
  /** To be added to this machine's clock. */
  readonly offset: number;
  /** Why it is not beyond doubt; null if it is. */
  readonly doubt: string | null;
}

/**
 * Weighs what clocks say. Two that agree are believed, and a time server alone, if the backup server says nothing; whenever
 * time servers and backup server disagree, nothing is beyond doubt, and the best guess is what this machine agrees with.
 */
export function judge({ ntp, server }: Opinions): Judgement {
  if (ntp.length === 0) return withoutTimeServers(server);
  const offset = median(ntp);
  const spread = Math.max(...ntp) - Math.min(...ntp);
  if (spread > toleranceMs)
    return { offset, doubt: `the time servers differ by ${formatDuration(spread)}` };
  if (server === null || agree(offset, server)) return { offset, doubt: null };
  return {
    offset: agree(server, 0) ? 0 : offset,
    doubt: `the time servers and the backup server's clock differ by ${formatDuration(Math.abs(offset - server))}`,
  };
}

function withoutTimeServers(server: number | null): Judgement {
  if (server === null)
    return {
      offset: 0,
      doubt: "no time server answers, and the backup server does not say its time",
    };
  if (agree(server, 0)) return { offset: 0, doubt: null };
  return {
    offset: server,
    doubt: `no time server answers, and this machine's clock and the backup server's differ by ${formatDuration(Math.abs(server))}`,
  };
}

function agree(a: number, b: number): boolean {
  return Math.abs(a - b) <= toleranceMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
