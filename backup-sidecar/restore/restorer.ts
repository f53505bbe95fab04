import type { Progress } from "../engine/app-repository.ts";

/** What is to be restored, and where to. */
export interface RestoreRequest {
  /** An app, or a volume of it; an app with several volumes needs the volume's name. */
  readonly source: string;
  /** The newest version not after this moment (RFC 3339, or a date and time, UTC); null: the newest. */
  readonly at: string | null;
  /** Files and directories below the volume's top; empty: everything. */
  readonly paths: readonly string[];
  readonly to:
    | { readonly kind: "volume"; /** Null: `<volume>_restored`. */ readonly name: string | null }
    | { readonly kind: "in-place"; readonly force: boolean };
}

export interface RestoreReport {
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

export interface RestoreAttended {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Brings versions back. */
export interface Restorer {
  /** Throws `UserError` for what a person can mend. What was interrupted goes on where it was with the next call, or by itself. */
  restore(request: RestoreRequest, attended?: RestoreAttended): Promise<RestoreReport>;
  /**
   * Begins to fill volumes that somebody created from a version (`-o from=volume@time`), a few at a time, and does not wait for
   * them. To be called every few seconds; never throws.
   */
  round(): Promise<void>;
  /** Settles when nothing is being filled. */
  settled(): Promise<void>;
}
