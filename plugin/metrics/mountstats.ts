import { unescaped } from "../../storage/mounting/mountinfo.ts";

/** One mount of an NFS file system as the kernel counts it, from the moment that it was mounted. */
export interface NfsMount {
  /** `server:/path`. */
  readonly source: string;
  readonly mountPoint: string;
  readonly bytes: NfsBytes;
  /** By name, as the kernel calls them: READ, WRITE, GETATTR … Those that never happened are left out. */
  readonly operations: ReadonlyMap<string, NfsOperation>;
  /** The connections by which it speaks to its server. Mounts of one server share them. */
  readonly transports: readonly NfsTransport[];
}

export interface NfsBytes {
  /** Asked for by programs, through the cache: what `read` and `write` count. */
  readonly read: number;
  readonly written: number;
  /** Asked for by programs past the cache (O_DIRECT). */
  readonly directRead: number;
  readonly directWritten: number;
  /** What went between this machine and the server for all that. */
  readonly fromServer: number;
  readonly toServer: number;
}

/** One kind of operation. Times are sums over all of them, milliseconds. */
export interface NfsOperation {
  readonly count: number;
  /** How often one was sent once more. */
  readonly retransmissions: number;
  /** How often one was not answered until `timeo` and `retrans` were over: minutes. */
  readonly timeouts: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Waiting on this machine before it was sent. */
  readonly queueMs: number;
  /** From when it was sent to the server's answer. */
  readonly rttMs: number;
  /** All of it. */
  readonly executeMs: number;
  /** Answers that were errors; null: a kernel before 5.3, which does not count them. */
  readonly errors: number | null;
}

export interface NfsTransport {
  /** `tcp`, `rdma` … */
  readonly protocol: string;
  /** The local port, by which connections of one node are told apart; 0: not connected yet, or not told. */
  readonly port: number;
  /** How often it was connected. */
  readonly connects: number;
  /** Answers to questions that nobody had asked, or not any more. */
  readonly unasked: number;
}

/** Bytes, operations and times in this form since Linux 2.6.17; a kernel of another one is not understood. */
const understood = /^1\.\d+$/;

/**
 * Understands `/proc/self/mountstats`: all NFS mounts of this mount name space, in the table's order, so that of two at one
 * place the later one lies on top. What it does not know it leaves out. The kernel's side: fs/nfs/super.c
 * (nfs_show_stats), net/sunrpc/stats.c (rpc_clnt_show_stats) and net/sunrpc/xprtsock.c (xs_tcp_print_stats).
 */
export function parseMountstats(text: string): NfsMount[] {
  return text.split(/^(?=device )/m).flatMap((section) => {
    const lines = section.split("\n");
    const head = /^device (\S+) mounted on (\S+) with fstype nfs4? statvers=(\S+)/.exec(
      lines[0] ?? "",
    );
    if (head === null || !understood.test(head[3] ?? "")) return [];
    const facts = lines.slice(1).map((line) => line.trim());
    return [
      {
        source: unescaped(head[1] ?? ""),
        mountPoint: unescaped(head[2] ?? ""),
        bytes: bytesOf(wordsAfter("bytes:", facts)[0] ?? []),
        operations: operationsOf(facts),
        transports: wordsAfter("xprt:", facts).map(transportOf),
      },
    ];
  });
}

/**
 * How many connections to servers there are. Mounts of one server share them, and each mount tells of all: those with a
 * port are known again by it; of those without (what is not bound to a port of its own) one mount has as many as another.
 */
export function connectionsOf(mounts: readonly NfsMount[]): number {
  const byServer = Map.groupBy(mounts, ({ source }) => source.slice(0, source.lastIndexOf(":/")));
  return [...byServer.values()].reduce((sum, same) => {
    const ports = same.map(({ transports }) => transports.map(({ port }) => port));
    const bound = new Set(ports.flat().filter((port) => port !== 0));
    const others = ports.map((each) => each.filter((port) => port === 0).length);
    return sum + bound.size + Math.max(...others);
  }, 0);
}

function bytesOf(words: readonly string[]): NfsBytes {
  const [read = 0, written = 0, directRead = 0, directWritten = 0, fromServer = 0, toServer = 0] =
    words.map(Number);
  return { read, written, directRead, directWritten, fromServer, toServer };
}

function operationsOf(facts: readonly string[]): Map<string, NfsOperation> {
  const begin = facts.indexOf("per-op statistics");
  const rows = begin === -1 ? [] : facts.slice(begin + 1);
  return new Map(
    rows.flatMap((row) => {
      const [, name = "", numbers = ""] = /^([A-Z_0-9]+): ([\d ]+)$/.exec(row) ?? [];
      const [count = 0, sent = 0, timeouts = 0, sentBytes = 0, receivedBytes = 0, ...rest] = numbers
        .split(" ")
        .map(Number);
      const [queueMs = 0, rttMs = 0, executeMs = 0, errors = null] = rest;
      if (sent === 0 && count === 0) return [];
      const retransmissions = Math.max(0, sent - count);
      const traffic = { sentBytes, receivedBytes };
      const times = { queueMs, rttMs, executeMs };
      return [[name, { count, retransmissions, timeouts, ...traffic, ...times, errors }] as const];
    }),
  );
}

/** Of TCP: port, binds, connects, seconds to connect, seconds idle, sent, received, unasked, … */
function transportOf([protocol = "", ...words]: readonly string[]): NfsTransport {
  const numbers = words.map(Number);
  // Local ones and UDP have fewer, in another order.
  const isUsual = protocol === "tcp" || protocol === "tcp-tls" || protocol === "rdma";
  const [port = 0, , connects = 0, , , , , unasked = 0] = isUsual ? numbers : [];
  return { protocol, port, connects, unasked };
}

function wordsAfter(name: string, facts: readonly string[]): string[][] {
  return facts
    .filter((fact) => fact.startsWith(name))
    .map((fact) => fact.slice(name.length).trim().split(/\s+/));
}
