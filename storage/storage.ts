import type { AppOwner, AppRecord } from "./records/app.ts";
import type { GivenHookAnswer, Holder, HookAnswer, HookCall } from "./records/hook-call.ts";
import type { RollAnswer, RollCall } from "./records/roll-call.ts";
import type { ReportTurn } from "./records/report-turn.ts";
import type { TrashRecord } from "./records/trash.ts";
import type { UseRecord } from "./records/use.ts";
import type { VolumeRecord } from "./records/volume.ts";
import type { LeaseHolder } from "./lease-holder.ts";
import type { VolumeOptions } from "./rules/options.ts";
import type { StorageServer } from "./storage-server.ts";
import type { AnswerOf } from "./swarmnfs/protocol/routes.ts";

/** The node that asks: its lasting id and the name people know it by. */
export interface NodeIdentity {
  readonly id: string;
  readonly name: string;
}

export interface CreateRequest {
  readonly name: string;
  readonly options: VolumeOptions;
  /** What the app is born with if this volume is its first, whatever the volume asks for; that may only narrow it. */
  readonly appRules?: AppChange;
}

export interface AdoptRequest {
  /** Of the directory, from the storage's root on. */
  readonly path: string;
  /** Of the volume that it becomes. */
  readonly name: string;
  /** Without those that say what a new directory is like: owner, mode, size, what it begins with. */
  readonly options: VolumeOptions;
  /** As of a {@link CreateRequest}. */
  readonly appRules?: AppChange;
}

/** A directory of the storage that may become a volume. */
export interface AdoptableDirectory {
  readonly path: string;
  readonly owner: VolumeRecord["owner"];
  readonly files: number;
  readonly bytes: number;
  /** False: there is more than could be looked at in time, and the rest is about what was seen. */
  readonly whole: boolean;
  /** Symlinks that lead out of it, with the first few as `from -> to`: they will lead elsewhere in a container. */
  readonly leadOut: { readonly count: number; readonly first: readonly string[] };
  /** Files that have other names outside of it (hard links): whoever has those names has these files. */
  readonly shared: { readonly count: number; readonly first: readonly string[] };
}

/** What a mount(2) needs. `path` is in the asking process's own name space. */
export interface Attachment {
  readonly type: "bind" | "nfs4";
  /** `bind`: an absolute directory without symlinks. `nfs4`: `server:/path`. */
  readonly source: string;
  /** Words for `-o`, without `nosuid,nodev` which every mount gets. */
  readonly options: readonly string[];
}

export interface Usage {
  readonly bytes: number;
  /** Absent where a quota tells the bytes alone. */
  readonly files?: number | undefined;
  /** How it is known: a walk over the files (advisory), or the file system's own project quota. */
  readonly by: "walk" | "quota";
  /** RFC 3339. */
  readonly at: string;
}

/** A file of the catalog that could not be read. It is reported and left alone. */
export interface Damage {
  readonly file: string;
  readonly reason: string;
}

/** Everything the storage knows, at one moment. */
export interface Catalog {
  readonly volumes: readonly VolumeRecord[];
  readonly apps: readonly AppRecord[];
  /**
   * By volume: the nodes that have it mounted and showed a sign of life lately. Empty where our own server works on its own data
   * disk: there its leases say so.
   */
  readonly uses: Readonly<Record<string, readonly UseRecord[]>>;
  /** By volume: what the housekeeper last counted. */
  readonly usage: Readonly<Record<string, Usage>>;
  /** By volume: when a node last showed a sign of use (RFC 3339), to within a few minutes; absent if never. */
  readonly lastUse: Readonly<Record<string, string>>;
  /** By volume: when it was last backed up whole (RFC 3339), to within ten minutes. Absent: there is no backup service. */
  readonly lastSnapshot?: Readonly<Record<string, string>> | undefined;
  readonly damaged: readonly Damage[];
  /** Nodes that ask all others to look at themselves, now. */
  readonly rollCalls?: readonly RollCall[] | undefined;
  /** Backups before and after which containers want something done. */
  readonly hookCalls?: readonly HookCall[] | undefined;
}

/** Who has volumes mounted. */
export interface HookHolders {
  /** By a sign of use that has not lapsed. */
  readonly live: readonly Holder[];
  /** By a lease of our own server on this storage: it may be of a node that is long gone. */
  readonly leased: readonly Holder[];
}

/** What a node said to a roll call, and by how much its clock was ahead of the storage's then, milliseconds. */
export type GivenRollAnswer = RollAnswer & { readonly aheadMs: number };

export interface StorageHealth {
  readonly state: "ok" | "nearly-full" | "read-only" | "full";
  /** Bytes. */
  readonly total: number;
  readonly free: number;
  /** What stands out, in words for people; empty when all is well. */
  readonly notes: readonly string[];
}

/** Why a storage cannot be used now, in words for people, and since when (RFC 3339). */
export interface Trouble {
  readonly reason: string;
  readonly since: string;
}

export interface TrashEntry {
  /** The entry's folder name: `<volume>@<time>-<id>`. */
  readonly id: string;
  readonly record: TrashRecord;
}

export type RemoveOutcome =
  | { readonly kind: "trashed"; readonly entry: string; readonly purgeAt: string }
  | { readonly kind: "retained" }
  | { readonly kind: "forgotten" }; // a root volume: only its record goes

/** What a storage remembers of the time before now. */
export interface Review {
  /** How full it was, a row for each day that is known, oldest first; RFC 3339, bytes. */
  readonly days: readonly { readonly at: string; readonly total: number; readonly free: number }[];
  /** By volume, of those that are there now: the bytes it held on each of these days; null: not known. */
  readonly volumes: Readonly<Record<string, readonly (number | null)[]>>;
  /** What the backup service last said of itself; null: there never was one, or it cannot be read. */
  readonly backup: BackupReview | null;
}

/** By volume and app what the backup service lets everybody know. */
export interface BackupReview {
  readonly node: string;
  readonly version: string;
  /** RFC 3339, by the storage's clock. */
  readonly seenAt: string;
  readonly volumes: Readonly<Record<string, BackedUpVolume>>;
  /** Restore drills, by app; absent where none was done yet. */
  readonly drills: Readonly<Record<string, { readonly at: string; readonly ok: boolean }>>;
}

interface BackedUpVolume {
  readonly app: string;
  readonly versions: number;
  /** RFC 3339; null: it was never backed up whole. */
  readonly lastGood: string | null;
  /** Why its source looks destroyed, or null. */
  readonly suspect: string | null;
}

/** Fields an administrator may change; absent means unchanged. */
export interface VolumeChange {
  readonly services?: readonly string[] | null;
  readonly hosts?: readonly string[] | null;
  readonly access?: VolumeRecord["access"];
  readonly size?: number | null;
  readonly onRemove?: VolumeRecord["onRemove"];
  readonly backup?: string;
  readonly mountOptions?: readonly string[];
}

export interface AppChange {
  readonly services?: readonly string[] | "first";
  readonly hosts?: readonly string[];
  readonly size?: number | null;
}

export interface UseSign {
  readonly volume: string;
  readonly since: string;
  readonly consumers: readonly string[];
}

/** A version takes the place of what a volume holds. */
export interface RestorePlan {
  /** Whose version, and when it was made (RFC 3339). */
  readonly from: string;
  readonly at: string;
  /** Only these paths below its top; empty: all. */
  readonly paths: readonly string[];
  /** Although somebody has it mounted. */
  readonly force: boolean;
  /** Not by whoever asks for it: the backup service does it when it runs. */
  readonly later?: boolean;
}

/** Where a version is brought back to, before it becomes a volume. */
export interface StagedRestore {
  readonly record: VolumeRecord;
  /** Tells this attempt from others. */
  readonly run: string;
  /** The directory, by its steps below the storage's root; what an earlier attempt brought back is in it. */
  readonly folders: readonly string[];
  /** An earlier attempt's work is in it. */
  readonly resumed: boolean;
  /** Bytes that still fit. */
  readonly free: number;
}

export interface RestoreProgress {
  /** Bytes; `total` null while not known. */
  readonly done: number;
  readonly total: number | null;
  /** Why it does not get on, in words for people. */
  readonly trouble: string | null;
}

/** A volume's top directory, which a backup does not hold itself. */
export interface TopDirectory {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Something that was begun on the storage, given up, and is of no use to anybody. */
export interface StagingEntry {
  readonly name: string;
  readonly bytes: number;
  readonly files: number;
  /** RFC 3339: when it was last touched. */
  readonly since: string;
}

export interface HousekeepingReport {
  /** False when another node holds the housekeeping lease; then nothing was done. */
  readonly held: boolean;
  readonly purged: readonly string[];
  readonly sweptStaging: readonly string[];
}

/**
 * One place where volumes live. Every implementation passes `test/storage/conformance.ts`.
 *
 * All methods reject with `UserError` for what a person can mend: `not-found`, `conflict`, `in-use`, `unsupported`,
 * `full`, `read-only`, and `unavailable` when the storage does not answer or is not the one it should be. Every method
 * may be repeated after a crash at any point and then finishes what was begun. None of them follows a symlink below
 * the storage's root.
 */
export interface Storage {
  /** As the administrator wrote it. */
  readonly url: string;

  /** Why it cannot be used now, as far as that is known without asking; where a storage keeps no watch on itself, absent. */
  readonly trouble?: Trouble | null;

  /** Of a storage on a server: where that is now. */
  readonly server?: StorageServer;

  /** Whether {@link usage} is what the file system counts by itself, known at once; absent: it may be a walk. */
  readonly countsItself?: boolean;

  /** What the failure of mounting one of its attachments means to people; where mount(8) says it itself, absent. */
  explainMount?(error: unknown): unknown;

  /**
   * Of a storage that nodes join: with this one-time token, whatever was before. Throws `UserError` with why it cannot be
   * used; nothing is changed then.
   */
  join?(token: string): Promise<void>;

  /** Of a storage that nodes join: all that have. */
  nodes?(): Promise<AnswerOf<"nodes">["nodes"]>;

  /** Of a storage that gives leases: who may mount now what this node may see. */
  grants?(): Promise<AnswerOf<"leases">>;

  /** Of a storage that gives leases, to one holder: it renews them by itself from now on, and says what it wants back. */
  attend?(holder: LeaseHolder): void;

  /**
   * Looks for the marker `.swarmnfs/storage.json` and returns the storage's id. A storage never seen (`knownId` null)
   * and without marker is initialised, if it is empty or holds nothing of ours. A known id whose marker is missing or
   * differs is `unavailable`: a disk that is not mounted must never be initialised again.
   */
  open(knownId: string | null): Promise<{ readonly id: string }>;

  /** All volumes in whatever state but `trashed`: also `retained` ones, and those still `creating`. */
  list(): Promise<Catalog>;
  /** The same for one name; throws `unavailable` if its record is damaged. */
  get(name: string): Promise<VolumeRecord | null>;

  /**
   * Makes the volume, or returns the existing record if it was asked for with the same options. Two nodes may call it
   * at once: one makes it, both get the same record. A `retained` volume of that name is revived with its old rules.
   * Throws `conflict` that lists the differences; `invalid` for a name that differs from an existing one only in case.
   */
  create(request: CreateRequest, by: NodeIdentity): Promise<VolumeRecord>;

  /**
   * Makes a directory that lies on the storage a volume, by renaming it: nothing is copied, and it keeps owner and mode.
   * Throws `not-found`, `invalid` for what is no directory or reached through a symlink, `unsupported` where it cannot be
   * renamed, `conflict` if the name is taken; the directory is where it was then. Where the storage cannot do that, absent.
   */
  adopt?(request: AdoptRequest, by: NodeIdentity): Promise<VolumeRecord>;
  /** Looks at such a directory without changing anything, for a quarter of a minute at most. Throws as `adopt` does. */
  examine?(path: string): Promise<AdoptableDirectory>;

  /** Changes a volume's rules. Throws `conflict` if it kept changing under our hands. */
  update(name: string, change: VolumeChange, by: NodeIdentity): Promise<VolumeRecord>;

  /** Throws `in-use`, naming nodes and consumers, while another node than `by` shows a sign of use. */
  remove(name: string, by: NodeIdentity): Promise<RemoveOutcome>;

  /**
   * What to mount for this volume; leaves a sign of use. `id` is the record's by which somebody decided who may have it:
   * throws `conflict` if the volume of that name is another one by now.
   */
  attach(
    name: string,
    by: NodeIdentity,
    consumers: readonly string[],
    id?: string,
  ): Promise<Attachment>;
  /** Takes the sign of use away. Unknown volumes are fine. */
  detach(name: string, by: NodeIdentity): Promise<void>;
  /**
   * Renews the signs of use of all volumes mounted on this node, at once. A volume that was attached and renewed lately
   * is given to further containers after a `get` alone: so this rejects for what `get` does not show, like a lost lease.
   */
  renew(signs: readonly UseSign[], by: NodeIdentity): Promise<void>;

  getApp(app: string): Promise<AppRecord | null>;
  /** An administrator's change of an app's rules. Throws `not-found`. */
  updateApp(app: string, change: AppChange, by: NodeIdentity): Promise<AppRecord>;
  /** Makes `owner` the owner of an app whose rule is `first`; returns the record with whoever won. */
  claimApp(app: string, owner: AppOwner): Promise<AppRecord>;

  /**
   * Fills a volume in state `filling`, which is long work, and returns it as it is then. May be ended at any point and
   * called again by any node; returns at once if another node is at it, or nothing is to be filled. Where the storage
   * does that by itself, absent.
   */
  fill?(name: string, by: NodeIdentity): Promise<VolumeRecord>;

  /**
   * For the backup service: takes on filling a volume that was created from a version, or, with a plan, bringing one that is
   * there back to a version; it cannot be mounted until that is done. Goes on where an earlier attempt was left. Throws
   * `in-use` while another service is at it, or while somebody has the volume mounted. Where the storage has no
   * directories of its own to do that in, all four are absent.
   */
  beginRestore?(name: string, plan: RestorePlan | null, by: NodeIdentity): Promise<StagedRestore>;
  /** How far it is: to be told at least every minute. Throws `conflict` if the volume was removed or somebody else is at it. */
  noteRestore?(name: string, run: string, progress: RestoreProgress): Promise<void>;
  /** What was brought back is whole: puts it in its place, what was there into the trash, and makes the volume `ready`. */
  finishRestore?(name: string, run: string, top: TopDirectory | null): Promise<VolumeRecord>;
  /** Gives it up: a volume that was there before is again as it was. */
  abandonRestore?(name: string, run: string): Promise<VolumeRecord>;

  /** Bytes and files of a volume: the file system's quota where it has one, else a walk at idle priority. */
  usage(name: string): Promise<Usage>;

  trash(): Promise<readonly TrashEntry[]>;
  /** Brings an entry back under its own name, or under `as`. Throws `conflict` if that name is taken. */
  undelete(entry: string, as: string | null, by: NodeIdentity): Promise<VolumeRecord>;
  /** Destroys entries for good; returns the ids destroyed. */
  purge(entries: readonly string[], by: NodeIdentity): Promise<readonly string[]>;

  /**
   * Asks all nodes to look at themselves; they see it in a list. Throws `conflict` while too many others do. Where nodes
   * cannot be asked through the storage, all four are absent.
   */
  callRoll?(call: RollCall, by: NodeIdentity): Promise<void>;
  /** What this node says to it. Throws `not-found` when nobody waits for it any more. */
  answerRoll?(id: string, answer: RollAnswer, by: NodeIdentity): Promise<void>;
  /** The answers so far. */
  rollAnswers?(id: string): Promise<readonly GivenRollAnswer[]>;
  /** Takes the call away, with its volume; what cannot be taken away yet goes within minutes. */
  endRoll?(id: string, by: NodeIdentity): Promise<void>;
  /**
   * For the backup service: asks all nodes to do what their containers ask for around a backup, and says, at least every
   * minute, that it still holds. Where the storage has no directories of its own for that, all but `answerHook` are absent.
   */
  callHooks?(call: HookCall): Promise<void>;
  /**
   * What this node says to it. Throws `not-found` when nobody waits for it any more, and `conflict` when the node begins
   * what a former life of its plugin has begun.
   */
  answerHook?(id: string, answer: HookAnswer): Promise<void>;
  hookAnswers?(id: string): Promise<readonly GivenHookAnswer[]>;
  endHooks?(id: string): Promise<void>;
  hookHolders?(volumes: readonly string[]): Promise<HookHolders>;

  /**
   * Whether a list would show a roll call or a call for hooks, as cheap as can be: to be asked every few seconds. Absent where that is told
   * without being asked.
   */
  isCalled?(): Promise<boolean>;

  /** What is known of the time since then (RFC 3339): how all grew, and how it is backed up. */
  review(since: string): Promise<Review>;

  /**
   * Staging that was given up and not touched since before then (RFC 3339), and never what somebody may go on with. Where the
   * storage sees to that by itself, both are absent.
   */
  staging?(before: string): Promise<readonly StagingEntry[]>;
  /** Looks at it again, and destroys it. Throws `not-found` for what is gone, or somebody works on again. */
  dropStaging?(name: string, before: string): Promise<void>;

  /**
   * How far the reports are that people are sent; null: nobody ever did. Where somebody else sends them, both are absent. Throws
   * `conflict` where that cannot be read.
   */
  reportTurn?(): Promise<ReportTurn | null>;
  /** Writes down the next turn; false: somebody else was first, and it does not follow the one that is there. */
  putReportTurn?(turn: ReportTurn): Promise<boolean>;

  /**
   * Purges what is past its time, sweeps abandoned staging, counts usage, and once a day writes down what there is; only on
   * the node that holds the lease. `held` are volumes that are in use without a fresh sign of it: by a server's leases.
   */
  housekeep(by: NodeIdentity, held?: readonly string[]): Promise<HousekeepingReport>;

  health(): Promise<StorageHealth>;
  close(): Promise<void>;
}
