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
  /**
   * Takes away all state of a node: of clients at this address (null: it has none), and of those that call themselves by
   * its id, wherever: the kernel goes on showing the address at which a client was first. Answers how many there were.
   * Returns when the kernel has done it; throws `unavailable` when it does not.
   */
  expire(nodeId: string, address: string | null): Promise<number>;
}
