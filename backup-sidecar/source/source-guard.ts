import type { TopDirectory } from "../../storage/storage.ts";
import type { Snapshot } from "../engine/snapshot.ts";
import { tags } from "../engine/snapshot.ts";

/** What a look at a volume's directory found, before anything is read. */
export type SourceLook =
  | { readonly kind: "there"; readonly empty: boolean; readonly top: TopDirectory }
  /** Its directory is not on the storage. */
  | { readonly kind: "gone"; readonly reason: string }
  /** The storage answers, and this does not. */
  | { readonly kind: "unreadable"; readonly reason: string };

/** How much a version of a volume holds. */
export interface Extent {
  readonly files: number;
  readonly bytes: number;
}

export interface GuardRules {
  /** SHRINK_LIMIT: the share of files or bytes, 0 to 1, that may be gone since the last good version. */
  readonly shrinkLimit: number;
}

/** `suspect`: people are told, and nothing of the app's history is removed until somebody confirms. */
export type SourceVerdict =
  | { readonly kind: "fine" }
  | {
      readonly kind: "suspect";
      /** In words for people, without the volume's name: `97 % of its files are gone`. */
      readonly reason: string;
      /** Whether there is something to be saved all the same. */
      readonly save: boolean;
    };

/** A volume with fewer files, or fewer bytes, changes by half every day. */
const leastFiles = 10;
const leastBytes = 1024 * 1024;
/** The share of what was there that may be rewritten at once: more looks like ransomware, or another volume's data. */
const rewriteLimit = 0.8;
/** What a restore brings back counts as rewritten, but adds nothing; what is new adds more than this share of its size. */
const leastNew = 0.1;

const fine: SourceVerdict = { kind: "fine" };

/** Before a backup. `last` is the last good version, null if there is none: what was never saved may well be empty. */
export function judgeLook(look: SourceLook, last: Extent | null): SourceVerdict {
  if (look.kind !== "there") return { kind: "suspect", reason: look.reason, save: false };
  if (!look.empty || last === null || last.files === 0) return fine;
  return {
    kind: "suspect",
    reason: `it is empty, and held ${count(last.files)} when it was last saved`,
    save: false,
  };
}

/** After a backup: what was read, and what of it was not as in the version before. */
export function judgeExtent(
  now: Extent & { readonly filesChanged: number; readonly bytesAdded: number },
  last: Extent | null,
  { shrinkLimit }: GuardRules,
): SourceVerdict {
  if (last === null) return fine;
  const [manyFiles, muchData] = [last.files >= leastFiles, last.bytes >= leastBytes];
  const gone = {
    files: manyFiles ? share(last.files - now.files, last.files) : 0,
    bytes: muchData ? share(last.bytes - now.bytes, last.bytes) : 0,
  };
  if (gone.files > shrinkLimit) return suspect(`${percent(gone.files)} of its files are gone`);
  if (gone.bytes > shrinkLimit) return suspect(`${percent(gone.bytes)} of its data is gone`);
  const rewritten = manyFiles && muchData ? share(now.filesChanged, last.files) : 0;
  if (rewritten > rewriteLimit && share(now.bytesAdded, now.bytes) > leastNew)
    return suspect(`${percent(rewritten)} of its files were rewritten since the last version`);
  return fine;
}

/**
 * The version that a volume is held against: the newest that was made of a good source, or that was there when somebody
 * confirmed (milliseconds since 1970) that what it looks like is right. Null if there is none.
 */
export function lastGood(
  snapshots: readonly Snapshot[],
  volume: string,
  confirmedAt: number | null,
): (Extent & { readonly snapshot: string }) | null {
  const own = snapshots.filter((each) => each.volume === volume && each.files !== null);
  const good = own.filter(
    ({ tags: given, time }) =>
      !given.includes(tags.suspect) || (confirmedAt !== null && time <= confirmedAt),
  );
  const newest = good.toSorted((a, b) => a.time - b.time).at(-1);
  if (newest === undefined) return null;
  return { snapshot: newest.id, files: newest.files ?? 0, bytes: newest.bytes ?? 0 };
}

function suspect(reason: string): SourceVerdict {
  return { kind: "suspect", reason, save: true };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.max(0, part) / whole;
}

function percent(part: number): string {
  return `${Math.min(100, Math.floor(part * 100))} %`;
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files.toLocaleString("en")} files`;
}
