import type { StorageHealth, StorageServer } from "../storage/storage.ts";
import type { Finding } from "../storage/verbs.ts";
import { leftServer } from "./left-server.ts";
import type { MountRow } from "./mount-table.ts";

/** What this node knows besides. */
export interface ServerView {
  /** The volumes in use here. */
  rows(): readonly MountRow[];
  /** The version of NFS by which the storage is read, or null. */
  nfsVersion(): Promise<string | null>;
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
  const { host, port, address } = server;
  const version = await view.nfsVersion();
  const named = address === null || address === host ? host : `${host} is ${address},`;
  const mounted = version === null ? "" : `, mounted with NFS ${version}`;
  const left = view.rows().flatMap((row) => leftServer(row, server) ?? []);
  const notes = health?.state === "ok" ? health.notes : [];
  return [
    // Were root squashed there, the storage could not be used at all.
    { level: "ok", title: `${named} answers on ${port}${mounted}, and lets root be root` },
    ...[...notes, ...left].map(warning),
  ];
}

/** What is wrong comes first, and in a sentence of its own what to do. */
function warning(words: string): Finding {
  const [title = words, ...advice] = words.split(". ");
  return { level: "warning", title, advice: advice.join(". ") };
}
