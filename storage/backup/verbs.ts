import * as z from "zod";

/** Where the backup service listens in its container, for `swarmnfs backup …`; only root may open it. */
export const backupSocket = "/run/swarmnfs/backup.sock";

const apps = z.array(z.string());
const snapshot = z.string().regex(/^(latest|[0-9a-f]{4,64})$/);

/**
 * What can be asked of the backup service: `POST /<verb>` with a JSON body. The answer is lines of JSON ({@link Said}), the
 * last of which is a result or a failure; `dump` alone is answered with the bytes of the file. Hanging up ends the work.
 */
export const backupRequests = {
  /** Back up these apps now, all if none is named. */
  run: z.strictObject({ apps }),
  status: z.strictObject({}),
  snapshots: z.strictObject({ app: z.string().nullable() }),
  ls: z.strictObject({ snapshot, path: z.string().nullable() }),
  diff: z.strictObject({ before: snapshot, after: snapshot }),
  dump: z.strictObject({ snapshot, path: z.string() }),
  restore: z.strictObject({
    /** An app, or a volume of it; an app with several volumes needs the volume's name. */
    source: z.string(),
    /** The newest version not after this moment (RFC 3339, or a date and time, UTC); null: the newest. */
    at: z.string().nullable(),
    /** Files and directories below the volume's top; none: all of it. */
    paths: z.array(z.string()),
    /** The volume that is made; null: `<volume>_restored`. */
    to: z.string().nullable(),
    inPlace: z.boolean(),
    force: z.boolean(),
  }),
  /** `read`: percent of all data that is read back; null: only what must be there. */
  verify: z.strictObject({ apps, read: z.int().min(1).max(100).nullable() }),
  drill: z.strictObject({ apps }),
  confirm: z.strictObject({ app: z.string() }),
  forget: z.strictObject({ apps, dryRun: z.boolean() }),
  prune: z.strictObject({ apps, dryRun: z.boolean() }),
  keyList: z.strictObject({ app: z.string() }),
  keyAdd: z.strictObject({ app: z.string(), passwordFile: z.string().startsWith("/") }),
  keyRemove: z.strictObject({ app: z.string(), key: z.string() }),
  config: z.strictObject({}),
  checkTarget: z.strictObject({}),
} as const;

export type BackupVerb = keyof typeof backupRequests;
export type BackupRequest<Verb extends BackupVerb> = z.infer<(typeof backupRequests)[Verb]>;

/** What is told while the work goes on, and at its end. */
export type Said<Verb extends BackupVerb> =
  | { readonly progress: WorkProgress }
  | { readonly note: string }
  | { readonly item: BackupItems[Verb] }
  | { readonly result: BackupAnswers[Verb] }
  | { readonly failure: { readonly code: string; readonly message: string } };

/** How far a long work is. */
export interface WorkProgress {
  readonly app: string;
  readonly volume: string | null;
  /** What is being done: `saving`, `checking`, `restoring`, … */
  readonly doing: string;
  readonly files: number;
  readonly totalFiles: number | null;
  readonly bytes: number;
  readonly totalBytes: number | null;
  readonly secondsLeft: number | null;
  /** What is being waited out, in words for people; null when it goes on. */
  readonly waiting: string | null;
}

/** One by one, for what may be too many for one answer. */
interface BackupItems extends Record<BackupVerb, unknown> {
  ls: EntryView;
  diff: ChangeView;
}

interface BackupAnswers extends Record<BackupVerb, unknown> {
  run: { readonly reports: readonly RunView[] };
  status: BackupView;
  snapshots: { readonly snapshots: readonly SnapshotView[] };
  ls: { readonly entries: number };
  diff: { readonly changes: number };
  restore: RestoreView;
  verify: { readonly reports: readonly VerifyView[] };
  drill: { readonly reports: readonly DrillView[] };
  confirm: { readonly confirmed: readonly string[] };
  forget: { readonly reports: readonly ForgetView[] };
  prune: { readonly reports: readonly PruneView[] };
  keyList: { readonly keys: readonly KeyView[] };
  keyAdd: { readonly key: string };
  keyRemove: Record<string, never>;
  config: ConfigView;
  checkTarget: TargetView;
}
export type BackupAnswer<Verb extends BackupVerb> = BackupAnswers[Verb];
export type BackupItem<Verb extends BackupVerb> = BackupItems[Verb];

export type AppState =
  | "ok"
  | "running"
  | "never"
  | "overdue"
  | "partial"
  | "suspect"
  /** An administrator has said that what looked destroyed is as it should be; it was not saved since. */
  | "confirmed"
  | "degraded"
  | "failed"
  | "off";

export interface AppBackupView {
  readonly app: string;
  readonly volumes: readonly string[];
  readonly state: AppState;
  /** Why it is not ok, in words for people. */
  readonly reason: string | null;
  /** RFC 3339: the last run after which every volume had a complete snapshot in a repository found whole. */
  readonly lastGood: string | null;
  readonly lastRun: RunView | null;
  readonly snapshots: number | null;
  /** Bytes on the server. */
  readonly stored: number | null;
  /** Share (0 … 1) of all data that was read back and found good, within so many days. */
  readonly verified: { readonly share: number; readonly days: number } | null;
  /** When its repository was last looked through, and whether it was found whole. */
  readonly verification: { readonly at: string; readonly ok: boolean } | null;
  readonly drill: { readonly at: string; readonly ok: boolean } | null;
  readonly next: string | null;
}

/** The whole service. */
export interface BackupView {
  readonly version: string;
  readonly node: string;
  readonly storageName: string;
  /** Without credentials. */
  readonly server: string;
  /** Why nothing can be done now, in words for people: no lease, server away; null: all is well. */
  readonly trouble: string | null;
  readonly apps: readonly AppBackupView[];
}

export interface RunView {
  readonly app: string;
  readonly outcome: "ok" | "partial" | "suspect" | "degraded" | "failed" | "interrupted";
  readonly notes: readonly string[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly volumes: readonly {
    readonly volume: string;
    readonly outcome: "complete" | "partial" | "suspect" | "failed" | "skipped";
    readonly reason: string | null;
    readonly snapshot: string | null;
    readonly files: number;
    readonly bytes: number;
    readonly bytesAdded: number;
    readonly unreadCount: number;
  }[];
}

export interface SnapshotView {
  readonly id: string;
  readonly app: string;
  readonly volume: string;
  readonly time: string;
  readonly files: number | null;
  readonly bytes: number | null;
  readonly added: number | null;
  readonly marks: readonly string[];
}

export interface EntryView {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: string;
}

export interface ChangeView {
  readonly path: string;
  readonly kind: "+" | "-" | "M" | "T" | "U";
}

export interface RestoreView {
  /** The volume that was made or exchanged. */
  readonly volume: string;
  /** Which it belongs to. */
  readonly app: string;
  /** The version that it was made of: its id, and its time (RFC 3339). */
  readonly snapshot: string;
  readonly at: string;
  readonly files: number;
  readonly bytes: number;
  /** What is not as it was saved, in words for people; empty: all was read again and compared. */
  readonly differences: readonly string[];
  /** In place: what was there before is in the trash under this id. */
  readonly displaced: string | null;
  /** Who had it mounted when it was exchanged by force, and must be restarted. */
  readonly restart: readonly string[];
}

export interface VerifyView {
  readonly app: string;
  readonly ok: boolean;
  readonly healed: boolean;
  readonly errors: readonly string[];
}

export interface DrillView {
  readonly app: string;
  readonly ok: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

export interface ForgetView {
  readonly app: string;
  /** Snapshots that were removed from the history, or would be. */
  readonly forgotten: readonly {
    readonly id: string;
    readonly volume: string;
    readonly time: string;
  }[];
  /** Why others stay although the rule would let them go. */
  readonly withheld: readonly string[];
}

export interface PruneView {
  readonly app: string;
  /** Files on the server that are not needed any more, and what they take. */
  readonly files: number;
  readonly bytes: number;
  /** Why nothing was removed, in words for people; null: it was. */
  readonly withheld: string | null;
  /** What is wrong with the repository afterwards and could not be mended, in words for people; empty: it is whole. */
  readonly errors: readonly string[];
}

export interface KeyView {
  readonly id: string;
  readonly host: string;
  readonly user: string;
  readonly created: string;
  readonly current: boolean;
}

export interface ConfigView {
  readonly settings: readonly {
    readonly name: string;
    readonly value: string;
    readonly from: string;
  }[];
  readonly notes: readonly string[];
}

/** What was found out about the backup server, by trying. */
export interface TargetView {
  readonly server: string;
  readonly findings: readonly {
    readonly level: "ok" | "warning" | "problem";
    readonly title: string;
    readonly advice?: string;
  }[];
}
