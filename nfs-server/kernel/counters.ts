import { readFile } from "node:fs/promises";

/** What the kernel's NFS server has counted since it was loaded. */
export interface NfsdCounters {
  /**
   * File handles that opened nothing: of files that were removed, of exports that were taken away, and hand-made ones,
   * which the kernel refuses without asking us.
   */
  readonly staleHandles: number;
  /** Bytes that clients read and wrote. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Threads that run. */
  readonly threads: number;
  readonly calls: number;
  /** Calls that could not be understood or were not allowed in. */
  readonly badCalls: number;
}

/** Understands `/proc/net/rpc/nfsd`; what is missing there is 0. */
export function parseCounters(text: string): NfsdCounters {
  const lines = new Map<string, readonly number[]>();
  for (const line of text.split("\n")) {
    const [name = "", ...figures] = line.split(/\s+/);
    lines.set(name, figures.map(Number));
  }
  const figure = (line: string, at: number): number => lines.get(line)?.[at] ?? 0;
  return {
    staleHandles: figure("fh", 0),
    readBytes: figure("io", 0),
    writtenBytes: figure("io", 1),
    threads: figure("th", 0),
    calls: figure("rpc", 0),
    badCalls: figure("rpc", 1),
  };
}

/** The counters now. */
export async function readCounters(file = "/proc/net/rpc/nfsd"): Promise<NfsdCounters> {
  return parseCounters(await readFile(file, "utf8"));
}
