import { type Clock, systemClock } from "../../service/clock.ts";
import { AddressFile } from "../nfs/address-file.ts";
import { ensureIdentity, systemIdentityEffects } from "../nfs/client-identity.ts";
import { ServerName, systemLookup } from "../nfs/server-name.ts";
import { type Knock, knock } from "../nfs/server-port.ts";
import { systemTransportEffects, type TransportEffects } from "../nfs/transports.ts";
import type { NodeIdentity } from "../storage.ts";
import type { NfsIdentity } from "../storage-server.ts";
import { type NodeTls, systemNodeTls } from "../tls/node-tls.ts";
import type { KeeperPatience } from "./lease-keeper.ts";
import { LeaseMemory } from "./lease-memory.ts";
import { Membership, type TokenSource } from "./membership.ts";
import { CredentialsFile } from "./node-credentials.ts";
import type { SwarmnfsPlace } from "./swarmnfs-url.ts";

/** The world as this storage sees it. */
export interface SwarmnfsWorld {
  readonly member: Membership;
  readonly name: ServerName;
  readonly knock: Knock;
  /** Sets the node's NFS identity, or another one for new mounts; throws `unavailable` where the kernel has no NFS. */
  readonly identify: (another: string | null) => Promise<NfsIdentity>;
  readonly transports: TransportEffects;
  readonly tls: Pick<NodeTls, "ready">;
  readonly clock: Clock;
  readonly memory: LeaseMemory;
  readonly patience?: KeeperPatience;
}

/** What this node must know to be one of a storage node's. */
export interface SwarmnfsSettings {
  readonly node: NodeIdentity;
  /** Where it keeps what it proves itself with. */
  readonly credentialsFile: string;
  /** Where it remembers over restarts what it was granted. */
  readonly leasesFile: string;
  /** A file that keeps the server's last known address over restarts, for a DNS that comes up later than we do. */
  readonly addressFile: string;
  /** A directory of this process's own, where a sysfs is mounted for a moment. */
  readonly folder: string;
  readonly token: TokenSource;
}

/** The machine itself. */
export function systemWorld(place: SwarmnfsPlace, settings: SwarmnfsSettings): SwarmnfsWorld {
  const { node, token, addressFile, credentialsFile, leasesFile, folder } = settings;
  const clock = systemClock;
  const name = new ServerName(place.host, systemLookup, clock, new AddressFile(addressFile));
  const file = new CredentialsFile(credentialsFile);
  const identity = systemIdentityEffects(folder);
  return {
    member: new Membership({ place, node, file, token, name, clock }),
    name,
    knock,
    identify: (another) => ensureIdentity(node.id, identity, another),
    transports: systemTransportEffects(folder),
    tls: systemNodeTls("/run/swarmnfs/tls"),
    clock,
    memory: new LeaseMemory(leasesFile),
  };
}
