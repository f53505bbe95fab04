import { formatDuration } from "../service/age.ts";
import type { StorageHealth } from "../storage/storage.ts";
import type { ControlState, NfsIdentity, StorageServer } from "../storage/storage-server.ts";
import type { Finding } from "../storage/verbs.ts";
import { leftServer } from "./left-server.ts";
import type { MountRow } from "./mount-table.ts";

/** Below a quarter of a minute nobody notices anything, and answers take their time. */
const clocksAgreeMs = 15_000;

/** What this node knows besides. */
export interface ServerView {
  /** The volumes in use here. */
  rows(): readonly MountRow[];
  /** The version of NFS by which the storage is read, or null. */
  nfsVersion(): Promise<string | null>;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * What `swarmnfs doctor` says of a storage's server, when the storage has just been looked at and answered: everything
 * is known from that, nothing is asked twice.
 */
export async function serverFindings(
  server: StorageServer,
  health: StorageHealth | null,
  view: ServerView,
): Promise<Finding[]> {
  const { host, port, address, control } = server;
  const version = await view.nfsVersion();
  const named = address === null || address === host ? host : `${host} is ${address},`;
  const mounted = version === null ? "" : `, mounted with NFS ${version}`;
  const left = view.rows().flatMap((row) => leftServer(row, server) ?? []);
  const notes = health?.state === "ok" ? health.notes : [];
  return [
    ...(control === undefined
      ? // Were root squashed there, the storage could not be used at all.
        [ok(`${named} answers on ${port}${mounted}, and lets root be root`)]
      : controlFindings(named, port, control, view.now())),
    ...(server.identity === undefined ? [] : [identityFinding(server.identity)]),
    ...[...notes, ...left].map(warning),
  ];
}

/** How this node stands with a storage node of ours; that NFS is not served there is among the storage's notes. */
function controlFindings(
  named: string,
  nfsPort: number,
  control: ControlState,
  now: number,
): Finding[] {
  const nfs = control.servesNfs === true ? ` and ${nfsPort} (NFS)` : "";
  const { certifiedUntil } = control;
  const left = certifiedUntil === null ? null : formatDuration(certifiedUntil - now);
  return [
    ok(`${named} answers on ${control.port} (control)${nfs}`),
    ...(left === null
      ? []
      : [ok(`this node has joined it, with a certificate that ends in ${left}`)]),
    ...(control.aheadMs === null ? [] : [clockFinding(control.aheadMs)]),
  ];
}

/** Certificates and times in lists go by it; leases do not. */
function clockFinding(aheadMs: number): Finding {
  if (Math.abs(aheadMs) < clocksAgreeMs)
    return ok("this node's clock and that of the storage node agree");
  const apart = formatDuration(Math.abs(aheadMs));
  return {
    level: "warning",
    title: `this node's clock is ${apart} ${aheadMs > 0 ? "behind" : "ahead of"} that of the storage node`,
    advice:
      "Certificates are believed, and times are shown, by clocks. Look at both machines: timedatectl",
  };
}

function ok(title: string): Finding {
  return { level: "ok", title };
}

/** Locks belong to a node by this name: where two have the same, they lose each other's. */
function identityFinding({ name, isOurs }: NfsIdentity): Finding {
  if (name === null) {
    return {
      level: "warning",
      title: "this node's NFS client has no name of its own, and its host name stands for it",
      advice:
        "Two nodes of one host name lose each other's locks: give each its own. With Linux 5.2 or later swarmnfs gives the client a name.",
    };
  }
  const whose = isOurs ? "its own id" : "set by hand; no other node may have it";
  return { level: "ok", title: `this node's NFS client is called "${name}" (${whose})` };
}

/** What is wrong comes first, and in a sentence of its own what to do. */
function warning(words: string): Finding {
  const [title = words, ...advice] = words.split(". ");
  return { level: "warning", title, advice: advice.join(". ") };
}
