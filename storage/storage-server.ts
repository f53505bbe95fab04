/** The name by which NFS servers tell a node's client from others, and so to whom locks belong. */
export interface NfsIdentity {
  /** Null: none was set, and the host name stands for it. */
  readonly name: string | null;
  /** Whether it is made of this node's lasting id; an administrator's own otherwise. */
  readonly isOurs: boolean;
}

/** The server of a storage that is on one, as it is known without asking it. */
export interface StorageServer {
  /** A name or an address, as the administrator wrote it. */
  readonly host: string;
  readonly port: number;
  /** The address in use; null while the server was never reached. */
  readonly address: string | null;
  /** All addresses that its name has, as far as is known. */
  readonly addresses?: readonly string[];
  /**
   * Former addresses to which this node still has connections: what was mounted from there did not follow the server.
   * What was mounted from any other goes on where it is now. Absent: not known.
   */
  readonly left?: readonly string[];
  /** By which name it knows this node. Absent: not known, or it is not asked by NFS. */
  readonly identity?: NfsIdentity;
  /** Of a storage node of ours: how this node stands with it. */
  readonly control?: ControlState;
}

/** How a node stands with the storage node that it joined, as it is known without asking. */
export interface ControlState {
  readonly port: number;
  /** Whether NFS was served when it was last looked at; null: it was not looked at. */
  readonly servesNfs: boolean | null;
  /** When this node's certificate ends, milliseconds since 1970; null before it has joined. */
  readonly certifiedUntil: number | null;
  /** By how much its clock was ahead of this node's when it answered last, milliseconds; null: it never did. */
  readonly aheadMs: number | null;
  /** What this node has of the storage, as it knows it. Absent: nothing is known. */
  readonly leases?: LeaseStanding;
}

/** How it stands with a node's leases, each counted once. */
export interface LeaseStanding {
  /** Granted, as far as is known. */
  readonly held: number;
  /** Used here, and not given by the server (any more). */
  readonly lost: number;
  /** Given back here, and the server could not be told yet. */
  readonly owed: number;
  /** The server has shut this node out, and has not taken it back yet. */
  readonly fenced: boolean;
}
