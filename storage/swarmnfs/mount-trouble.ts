import { CommandFailed } from "../mounting/bounded-command.ts";
import { mountTrouble as nfsTrouble, portTrouble as nfsPortTrouble } from "../nfs/mount-trouble.ts";
import type { NfsPlace } from "../nfs/nfs-url.ts";
import { serverLabel } from "../nfs/server-label.ts";
import type { PortAnswer } from "../nfs/server-port.ts";
import { StorageUnavailable } from "../unavailable.ts";

/** Where a storage node serves NFS. */
export interface NfsServer {
  readonly url: string;
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** It is served over TLS alone. */
  readonly tls?: true | undefined;
}

/** What a closed NFS port of a storage node means, whose control API may well answer. */
export function portTrouble(
  server: NfsServer,
  answer: Exclude<PortAnswer, "open">,
): StorageUnavailable {
  return nfsPortTrouble(placeOf(server), server.address, answer);
}

/** What a failed mount from a storage node means to the person who asked; what is not a failed command passes as it is. */
export function mountTrouble(error: unknown, server: NfsServer): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const label = serverLabel(server.host, server.address);
  const isRefused =
    /access denied|No such (file or directory|process)|not permitted|Permission denied|Stale/i.test(
      error.reason,
    );
  const orTls = server.tls
    ? `, or no TLS came about between the two: tlshd says why, in this node's log (journalctl -u docker) or the storage node's`
    : "";
  if (!isRefused || error.timedOut || error.missing)
    return nfsTrouble(error, placeOf(server), server.address);
  return new StorageUnavailable(
    `${label} granted the volume to this node, and its NFS server does not show it: the lease was taken away meanwhile, or this node's NFS traffic comes from another address than its calls (an address translation on the way)${orTls}. Try again; on the storage node: swarmnfs leases`,
    { cause: error },
  );
}

function placeOf({ url, host, port }: NfsServer): NfsPlace {
  return { url, host, port, path: "/", options: [] };
}
