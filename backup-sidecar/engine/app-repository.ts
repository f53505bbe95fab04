import type { Readable } from "node:stream";
import type { Permit } from "../repository/permit.ts";
import type { PrivateView } from "../source/private-view.ts";
import type { SourceView } from "../source/source-view.ts";
import type { Snapshot } from "./snapshot.ts";

/** How far a long work is, about once a second. `total` and `secondsLeft` are null while unknown. */
export interface Progress {
  readonly files: number;
  readonly totalFiles: number | null;
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly secondsLeft: number | null;
}

export interface Attended {
  readonly onProgress?: (progress: Progress) => void;
  /** Ends it: restic gets SIGINT, removes its lock, and is killed if it takes too long. */
  readonly signal?: AbortSignal;
}

export interface BackupRequest extends Attended {
  /** The volume's name; snapshots of a volume are told by it. */
  readonly host: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970; absent: the machine's clock, which nobody should trust. */
  readonly time?: number;
  /** Read every file again, whatever its times say: heals what the repository lost. */
  readonly force?: boolean;
  /** The version to compare with (its id), null for none; absent: restic looks for one, for which it reads all versions' files. */
  readonly parent?: string | null;
  /** What the last version held: spares restic a walk over the whole tree, and tells how far it is. */
  readonly expect?: { readonly files: number; readonly bytes: number };
}

/** A file that could not be read, or an error that concerns none. */
export interface Unread {
  readonly item: string;
  readonly reason: string;
}

export interface BackupResult {
  readonly snapshot: string;
  /** `partial`: the snapshot exists, and lacks what is in `unread`. */
  readonly outcome: "complete" | "partial";
  /** At most 100 of them; `unreadCount` counts all. */
  readonly unread: readonly Unread[];
  readonly unreadCount: number;
  readonly files: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  /** Of the volume, and what was added to the repository, compressed. */
  readonly bytes: number;
  readonly bytesAdded: number;
}

export interface CheckRequest extends Attended {
  /** `{n, of}`: read back the n-th of so many slices of all data (1 … of); `all`: everything; absent: only what must be there. */
  readonly read?: { readonly slice: number; readonly of: number } | "all";
}

export interface CheckResult {
  readonly ok: boolean;
  readonly errors: readonly string[];
  /** Ids of packs that are missing, cut, or not what their name says. */
  readonly brokenPacks: readonly string[];
  /** Beginnings (eight digits or more) of the ids of versions whose own file cannot be read. */
  readonly brokenSnapshots: readonly string[];
  /** Pieces of files, and folders, that versions are made of and no pack has. */
  readonly missing: { readonly blobs: readonly string[]; readonly trees: readonly string[] };
  /** The index does not fit the packs: `repair index` would help. */
  readonly indexDamaged: boolean;
}

/** An entry of a snapshot, as `restic ls` tells it. */
export interface Node {
  readonly path: string;
  readonly type: "file" | "dir" | "symlink" | "fifo" | "dev" | "chardev" | "socket" | "irregular";
  readonly size: number;
  /** Permission bits, at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** As restic writes it: RFC 3339 with nanoseconds. */
  readonly mtime: string;
}

/** `+` added, `-` removed, `M` content changed, `T` type changed, `U` only metadata changed. */
export interface Change {
  readonly path: string;
  readonly kind: "+" | "-" | "M" | "T" | "U";
}

export interface RestoreRequest extends Attended {
  /** The snapshot's id, or `<id>:/folder`. */
  readonly snapshot: string;
  /** Only these (patterns of restic's --include); absent: everything. */
  readonly include?: readonly string[];
  /** An empty or existing directory, as the view's programs see it, or else as this process does. */
  readonly target: string;
  /** What restic may see of the storage; it should be no more than the target. */
  readonly view?: Pick<PrivateView, "command">;
  readonly overwrite?: "always" | "if-changed" | "if-newer" | "never";
  /** Remove from the target what the snapshot does not have. */
  readonly delete?: boolean;
  /** Read everything again afterwards and compare. */
  readonly verify?: boolean;
  readonly dryRun?: boolean;
}

export interface RestoreResult {
  readonly files: number;
  readonly restored: number;
  readonly skipped: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly errors: readonly Unread[];
}

export interface RepositoryKey {
  readonly id: string;
  readonly host: string;
  readonly user: string;
  readonly created: string;
  /** The one that our password opens. */
  readonly current: boolean;
}

export interface RepositoryStats {
  /** Bytes on the server and before compression, number of snapshots. */
  readonly stored: number;
  readonly uncompressed: number;
  readonly snapshots: number;
}

/**
 * One app's repository, found to be the right one and opened with the password. Every method that talks to it rejects
 * with `ResticFailure` (engine/restic-failure.ts) or, when the server was the reason, `RemoteFailure`; none waits without a
 * bound. What writes wants the lease of the storage; only `backup`, `keys.add` and locks need no permit.
 */
export interface AppRepository {
  readonly app: string;
  /** The repository's lasting id. */
  readonly id: string;

  /** Oldest first. Takes no lock. */
  snapshots(signal?: AbortSignal): Promise<readonly Snapshot[]>;
  backup(view: SourceView, request: BackupRequest): Promise<BackupResult>;
  check(request?: CheckRequest): Promise<CheckResult>;
  /** Forgets exactly these snapshots (full ids), and throws if others are lost with them; their data goes with `prune`. */
  forget(ids: readonly string[], permit: Permit, signal?: AbortSignal): Promise<void>;
  /** What `prune` would delete now. */
  planPrune(signal?: AbortSignal): Promise<PrunePlan>;
  prune(permit: Permit, signal?: AbortSignal): Promise<void>;
  /** Makes the index from the packs that are there; only what replaces old index files is deleted. */
  repairIndex(signal?: AbortSignal): Promise<void>;
  restore(request: RestoreRequest): Promise<RestoreResult>;
  ls(snapshot: string, path: string | null, signal?: AbortSignal): AsyncIterable<Node>;
  diff(before: string, after: string, signal?: AbortSignal): AsyncIterable<Change>;
  /** The content of one file. Read it to its end or abort the signal. */
  dump(snapshot: string, path: string, signal?: AbortSignal): Promise<Readable>;
  /** Which files of which snapshots are made of these packs or blobs. */
  find(
    ids: readonly string[],
    kind: "pack" | "blob" | "tree",
    signal?: AbortSignal,
  ): Promise<readonly Found[]>;
  stats(signal?: AbortSignal): Promise<RepositoryStats>;
  readonly keys: RepositoryKeys;
}

export interface PrunePlan {
  /** Full ids of packs that are not needed any more, and of those whose rest is packed anew. */
  readonly unused: readonly string[];
  readonly repacked: readonly string[];
  readonly bytes: number;
}

export interface Found {
  readonly snapshot: string;
  /** Null: something without a path, such as the snapshot's root. */
  readonly path: string | null;
  readonly blob: string;
}

export interface RepositoryKeys {
  list(signal?: AbortSignal): Promise<readonly RepositoryKey[]>;
  /** Adds a second password, read from a file; returns the new key's id. */
  add(passwordFile: string, signal?: AbortSignal): Promise<string>;
  remove(id: string, permit: Permit, signal?: AbortSignal): Promise<void>;
}
