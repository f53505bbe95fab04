/** A volume as the kernel is to show it to one node. */
export interface Export {
  readonly volume: string;
  readonly app: string;
  /** Of the volume's record: fixed for ever, so that file handles outlive a restart. */
  readonly fsid: number;
  readonly readOnly: boolean;
  /** Every user becomes this one; null: users are who they say they are, root included. */
  readonly squash: { readonly uid: number; readonly gid: number } | null;
}

/**
 * What the kernel shows to whom. The agent is the table: nothing of it is in a file. `client` is the name by which the
 * kernel's caches know a node: its id. Everything here takes a few milliseconds whatever the number of exports.
 */
export interface Exports {
  /** From now on this address is this client. An address belongs to one client, a client may have several. */
  admit(client: string, address: string): Promise<void>;
  /** The address is a stranger's again. */
  dismiss(address: string): Promise<void>;
  /** The volume can be mounted by the client at once, as `server:/<volume>`. Granting again with other flags changes them. */
  grant(client: string, granted: Export): Promise<void>;
  /** From the next operation on the client has no access; what it has open gets ESTALE. Not granted: nothing. */
  revoke(client: string, volume: string): Promise<void>;
  /** The volume itself goes (to the trash, or is renamed): nobody has it, and nothing of the server is open in it. */
  withdraw(volume: string): Promise<void>;
}
