import { formatDuration } from "../../service/age.ts";
import type { Problem } from "../../service/notifier/incident.ts";
import type { EnrolledNode } from "../../storage/swarmnfs/protocol/node.ts";
import type { Finding, HealthReport } from "./health.ts";

/** Pure: what people should be told of, of everything that is looked at. */
export interface Seen {
  readonly report: Pick<HealthReport, "checks">;
  /** Bytes of the data disk as they were last seen; null: never. */
  readonly disk: { readonly total: number; readonly free: number } | null;
  readonly nodes: readonly Pick<
    EnrolledNode,
    "id" | "name" | "state" | "seenAt" | "fencedBecause" | "leases"
  >[];
  /**
   * For how long whoever called was heard: what was seen before a restart is on disk to within an hour. Milliseconds of a clock
   * that never jumps.
   */
  readonly heardForMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What mends itself within that time is no news, milliseconds. */
const settlesMs = 60_000;
const silentMs = 10 * 60_000;

const titles: Readonly<Record<string, string>> = {
  address: "The storage node has no address to serve at",
  nfsd: "The storage node does not serve NFS",
  nfsdcld: "Locks would be lost when the storage node restarts",
  exports: "What the storage node shows is not what it granted",
  clock: "The storage node's clock is off",
  firewall: "The storage node's firewall is not in place",
  isolation: "Apps may not be isolated from each other",
};

export function problemsOf({ report, disk, nodes, heardForMs, now }: Seen): Problem[] {
  return [
    ...report.checks.flatMap((check) => checkProblem(check, usedOf(disk), now)),
    ...fenced(nodes),
    ...(heardForMs > silentMs ? silent(nodes, now) : []),
  ];
}

function checkProblem(check: Finding, used: number, now: number): Problem[] {
  const { name, state, reason, since } = check;
  if (state === "ok") return [];
  // That apps can reach each other is told at once.
  const isUrgent = name === "isolation" && state === "failed";
  if (!isUrgent && now - Date.parse(since) < settlesMs) return [];
  const key = `check ${name}`;
  if (name === "disk") return [{ key, text: reason, ...diskWords(state, used) }];
  const title = titles[name] ?? `The storage node's check "${name}" fails`;
  return [{ key, title, text: reason, severity: state === "failed" ? 3 : 1 }];
}

/** Nearly full is told at 80 %, again at 90 %, and again when nothing can be written. */
function diskWords(
  state: "degraded" | "failed",
  used: number,
): Required<Pick<Problem, "title" | "severity">> {
  if (state === "failed") return { title: "The data disk cannot be written to", severity: 3 };
  if (used >= 0.9) return { title: "The data disk is 90 % full", severity: 2 };
  return { title: "The data disk is nearly full", severity: 1 };
}

function usedOf(disk: Seen["disk"]): number {
  return disk === null || disk.total === 0 ? 0 : 1 - disk.free / disk.total;
}

function fenced(nodes: Seen["nodes"]): Problem[] {
  return nodes
    .filter(({ state }) => state === "fenced")
    .map(({ id, name, fencedBecause }) => ({
      key: `fenced ${id}`,
      title: `Node "${name}" is fenced`,
      text: `${fencedBecause ?? "It was silent while another node needed what it had"}. Containers there that use volumes of this storage fail. It comes back by itself once its plugin answers and has unmounted everything; if it was looked after by hand: swarmnfs server unfence ${name}`,
      severity: 2,
    }));
}

function silent(nodes: Seen["nodes"], now: number): Problem[] {
  const quiet = nodes.filter(
    ({ state, seenAt }) =>
      state === "silent" && seenAt !== null && now - Date.parse(seenAt) > silentMs,
  );
  // Then it is rather this machine that nobody reaches, and one message says more than fifty.
  if (quiet.length > 2 && !nodes.some(({ state }) => state === "live"))
    return [
      {
        key: "silent all",
        title: "No node has been heard of",
        text: `None of ${quiet.length} nodes has called for ${formatDuration(silentMs)}. Look at the network of this machine: ip address; and on a node: swarmnfs doctor`,
        severity: 2,
      },
    ];
  return quiet.map(({ id, name, seenAt, leases }) => ({
    key: `silent ${id}`,
    title: `Node "${name}" has not been heard of`,
    text: `It called last at ${seenAt ?? ""}${leases === 0 ? "" : `, and has ${leases} volumes`}. Look whether it runs, and at its plugin: swarmnfs doctor. If it is gone for good: swarmnfs server revoke ${name}`,
  }));
}
