import type { Place } from "./file-id.ts";
import type { Way } from "../../../nfs-server/self-test/raw-nfs/connection.ts";

/** What belongs to somebody else, with everything about it that a thief could find out or guess. */
export interface Victim {
  /** Names on the way to it, from what the server shows as its root. */
  readonly path: readonly string[];
  readonly directory: Place;
  /** A file in that directory, and its name. */
  readonly file: Place;
  readonly fileName: string;
  /** The number of its export, if it has one. */
  readonly exportNumber: number | null;
  /** The file system it is on. */
  readonly uuid: string;
  readonly device: { readonly major: number; readonly minor: number };
}

/** What a thief is sent for. Everything in it can be JSON. */
export interface Errand {
  readonly way: Way;
  /** Names on the way to a directory that may be used; null if there is none. */
  readonly own: readonly string[] | null;
  readonly victim: Victim;
  /** A symlink in there that leads to the victim on the server's disk; null if there is none. */
  readonly symlink: string | null;
  /** Other ways by names that are to be tried, as people would. */
  readonly paths: readonly (readonly string[])[];
  /** Who to claim to be. */
  readonly uids: readonly number[];
}

/** One way to what belongs to somebody else, tried as one user. */
export interface Attempt {
  readonly by: string;
  readonly uid: number;
  /** Names in the directory that was reached. */
  readonly listed: readonly string[] | null;
  /** The beginning of the file. */
  readonly read: string | null;
  /** Whether the server said that it has written. */
  readonly wrote: boolean;
  /** What was refused first, and how; null if nothing was. */
  readonly refused: string | null;
}

/** How an errand ended. */
export interface Report {
  /** Why the server did not talk at all, if it did not. */
  readonly refused: string | null;
  readonly attempts: readonly Attempt[];
}
