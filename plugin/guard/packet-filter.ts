/** The kernel's packet filter, as far as the guard uses it: a table of its own. */
export interface PacketFilter {
  /**
   * Replaces the table in one transaction, so that there is no moment without it; answers its shape, as `look` does.
   * Rejects with `CommandFailed` where that cannot be done, within 4 s.
   */
  install(addresses: readonly string[], ports: readonly number[]): Promise<string>;
  /** What the table is like now, to be compared and for nothing else; null if there is none. Rejects within 2 s. */
  look(): Promise<string | null>;
  /** Takes the table away; none is fine. */
  remove(): Promise<void>;
}
