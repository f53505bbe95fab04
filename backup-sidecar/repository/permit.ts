/**
 * What can be deleted on the server, by where it lies. Below `repositories/<app>/` the kinds of restic; `history`, `mirror`
 * and `temporary` are our own folders. A repository's `config` is no kind: nothing ever deletes it.
 */
export type DeletableKind =
  | "data"
  | "index"
  | "snapshots"
  | "keys"
  | "locks"
  | "history"
  | "mirror"
  | "temporary";

/**
 * Leave of the supervisor to delete, bounded in every direction. Without one only locks (and what is temporary) go. restic
 * removes an index after it has stored its successor, and what the bridge has stored it has read back.
 */
export interface Permit {
  /** The run that deletes, for logs. */
  readonly run: string;
  readonly kinds: readonly DeletableKind[];
  /**
   * The only names that may go, of kinds whose names are known before: snapshots and keys by their full id, history folders
   * by their time. Of those three kinds nothing else goes; names of the other kinds are not known before, and not asked for.
   */
  readonly names: readonly string[] | null;
  /** At most so many files, of all kinds together. */
  readonly maxCount: number;
  /** At most so many bytes, of all kinds together. */
  readonly maxBytes: number;
  /** Asked before each deletion, whether it still holds: a process that was stopped for a while may have lost its lease. */
  readonly inForce?: () => boolean;
}
