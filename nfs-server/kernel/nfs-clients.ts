/** A client as the kernel knows it: a whole node. */
export interface NfsClient {
  /** The folder's name in /proc/fs/nfsd/clients. */
  readonly id: string;
  /** Without port. */
  readonly address: string;
  /** What it calls itself: our plugins use the node's id. */
  readonly name: string;
  /** `confirmed`, `courtesy`, … as the kernel says. */
  readonly status: string;
}

/** The NFS clients that have state (opens, locks) on this server. */
export interface NfsClients {
  list(): Promise<readonly NfsClient[]>;
  /** Takes away all state of clients at this address; answers how many there were. Returns when the kernel has done it. */
  expire(address: string): Promise<number>;
}
