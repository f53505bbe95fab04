import type { Readable } from "node:stream";
import type { Permit } from "./permit.ts";
import type { Profile } from "./target/profile.ts";

export interface RemoteEntry {
  /** The last part of its path. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; 0 for folders. */
  readonly size: number;
  /** Milliseconds since 1970 by the server's clock, where it says. */
  readonly modifiedAt: number | null;
  readonly etag: string | null;
}

/** Bytes from `start` to `end`, both counted. Without an end: to the last. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** What is written: bytes, or something that can give them from the beginning as often as it is asked (a file). */
export type Body = Uint8Array | (() => Readable | Promise<Readable>);

export interface WriteFacts {
  /** Bytes of the body, exact. */
  readonly size: number;
  /** What the body's SHA-256 must be, in hex; another one is a failure before anything has a final name. */
  readonly sha256?: string;
}

/**
 * The backup server: a tree of files and folders below `<base>/<storage>/`. Paths are relative to that, with `/` between
 * names, without one at the ends; names are of `[A-Za-z0-9._-]` and never begin with two dots. `""` is the top.
 *
 * Rides out outages by itself, for as long as it was told to, and throws {@link RemoteFailure} when waiting does not help or
 * took too long; aborting the signal rejects with its reason. Each call may be repeated.
 */
export interface Remote {
  /** What the server can do, as found at connect. */
  readonly profile: Profile;
  /** The entries of a folder. Throws `gone` when there is no such folder, `wrong-target` when not even the base is there. */
  list(path: string, signal?: AbortSignal): Promise<readonly RemoteEntry[]>;
  /** Null only when the server says that it is not there and the base folder is. */
  stat(path: string, signal?: AbortSignal): Promise<RemoteEntry | null>;
  /** The bytes as a stream, which picks up where it was when the connection breaks. Throws `gone`. */
  read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable>;
  /**
   * Writes or replaces a file: under a temporary name, read back, moved; folders above are made. When it settles, the file is
   * there in full under its name; when it rejects, what was there before still is.
   */
  write(path: string, body: Body, facts: WriteFacts, signal?: AbortSignal): Promise<void>;
  /** Replaces what is at `to`; folders above `to` are made. Throws `gone` when there is nothing at `from`. */
  move(from: string, to: string, signal?: AbortSignal): Promise<void>;
  /**
   * Removes a file, or a folder with all in it. Nothing there is fine. Throws `forbidden` when the permit does not cover it;
   * each permit counts what was removed by it.
   */
  remove(path: string, permit: Permit, signal?: AbortSignal): Promise<void>;
  /** Makes a folder and those above it; one that exists is fine. */
  makeFolder(path: string, signal?: AbortSignal): Promise<void>;
  /** Bytes that may still be written, where the server says; null where it does not. */
  free(signal?: AbortSignal): Promise<number | null>;
  /** The server's clock minus ours, by its last answer; its `Date` counts seconds. Null before any. */
  clockOffsetMs(): number | null;
}
