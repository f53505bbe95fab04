import type { StorageHealth, StorageServer } from "../storage/storage.ts";
import type { Finding } from "../storage/verbs.ts";
import type { Mounts } from "./mounts.ts";
import { leftServer } from "./left-server.ts";

/**
 * What `swarmnfs doctor` says of a storage's server, when the storage has just been looked at and answered: everything
 * is known from that, nothing is asked twice.
 */
export async function serverFindings(
  server: StorageServer,
  health: StorageHealth | null,
  { mounts, nfsVersion }: { mounts: Mounts; nfsVersion: () => Promise<string | null> },
): Promise<Finding[]> {
  const { host, port, address } = server;
  const version = await nfsVersion();
  const mounted = version === null ? "" : `, mounted with NFS ${version}`;
  const named = address === null || address === host ? host : `${host} is ${address},`;
  const left = mounts.rows().flatMap((row) => leftServer(row, server) ?? []);
  const notes = health?.state === "ok" ? health.notes : [];
  return [
    { level: "ok", title: `${named} answers on ${port}${mounted}, and lets root be root` },
    ...[...notes, ...left].map((note): Finding => warning(note)),
  ];
}

/** A note says what is wrong first, and then, in a sentence of its own, what to do. */
function warning(note: string): Finding {
  const [title = note, ...advice] = note.split(/(?<=[^.])\. (?=[A-Z])|: (?=containers )/);
  return { level: "warning", title, advice: `${advice.join(". ")}.` };
}
