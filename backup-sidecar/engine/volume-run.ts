import { messageOf } from "../../service/message-of.ts";
import { judgeExtent, judgeLook, lastGood, type SourceLook } from "../source/source-guard.ts";
import type { SourceView } from "../source/source-view.ts";
import { topTag } from "../source/top-directory.ts";
import type { AppRepository } from "./app-repository.ts";
import type { SuspectRecord } from "./app-state.ts";
import type { VolumeReport } from "./run-report.ts";
import type { RunRequest, RunWorld } from "./run-world.ts";
import { tags, withDoubts, type Snapshot } from "./snapshot.ts";

/** What all volumes of a run share. */
export interface RunSoFar {
  readonly run: string;
  readonly repository: AppRepository;
  /** What was there before the run. */
  readonly snapshots: readonly Snapshot[];
  readonly suspect: SuspectRecord;
  readonly signal: AbortSignal;
}

/** What is kept of one volume: its report, and what it says of its source. */
export interface VolumeRun {
  readonly report: VolumeReport;
  /** Why the source looks destroyed; null if it does not. */
  readonly suspect: string | null;
}

/** Saves one volume. Throws what keeps the whole run from going on; what concerns this volume alone is in its report. */
export async function runVolume(
  world: RunWorld,
  request: RunRequest,
  soFar: RunSoFar,
  view: SourceView,
): Promise<VolumeRun> {
  const volume = view.volume.name;
  const began = performance.now();
  const report = (rest: Partial<VolumeReport> & Pick<VolumeReport, "outcome">): VolumeReport => ({
    volume,
    reason: null,
    snapshot: null,
    files: 0,
    bytes: 0,
    bytesAdded: 0,
    unread: [],
    unreadCount: 0,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    ...rest,
  });
  const { confirmedAt, confirmed } = soFar.suspect;
  const history = withDoubts(soFar.snapshots, soFar.suspect.snapshots);
  const newest = soFar.snapshots.findLast((each) => each.volume === volume);
  const measure = lastGood(history, volume, confirmedAt === null ? null : Date.parse(confirmedAt));
  // Of what somebody has said that it is right, and which was not saved since, nothing is known.
  const last = newest !== undefined && confirmed[volume] === newest.id ? null : measure;

  const look = await world.look(view);
  const before = judgeLook(look, last);
  if (before.kind === "suspect")
    return {
      report: report({ outcome: "suspect", reason: before.reason }),
      suspect: before.reason,
    };
  if (look.kind === "there" && look.empty)
    return { report: report({ outcome: "skipped", reason: "it is empty" }), suspect: null };

  const time = await world.time.now(soFar.snapshots.at(-1)?.time ?? null);
  const saved = await soFar.repository.backup(view, {
    host: volume,
    tags: [
      tags.ours,
      tags.run(soFar.run),
      ...topTags(look),
      ...(time.trusted ? [] : [tags.doubtfulTime]),
    ],
    time: time.now,
    // Named, so that a version whose file is damaged keeps no new one from being made.
    parent: newest?.id ?? null,
    signal: soFar.signal,
    ...(last === null ? {} : { expect: { files: last.files, bytes: last.bytes } }),
    onProgress: (progress) => request.onProgress?.(volume, progress),
  });
  const after = judgeExtent(saved, last, world.rules);
  const { snapshot, files, bytes, bytesAdded, unreadCount } = saved;
  const unread = saved.unread.map(({ item, reason }) => ({ item, reason }));
  const facts = { snapshot, files, bytes, bytesAdded, unread, unreadCount };
  if (after.kind === "suspect")
    return {
      report: report({ outcome: "suspect", reason: after.reason, ...facts }),
      suspect: after.reason,
    };
  const lacking =
    saved.outcome === "partial" ? `${unreadCount} of its files could not be read` : null;
  return { report: report({ outcome: saved.outcome, reason: lacking, ...facts }), suspect: null };
}

function topTags(look: SourceLook): string[] {
  return look.kind === "there" ? [topTag(look.top)] : [];
}

/** A volume that failed by itself. */
export function failedVolume(view: SourceView, error: unknown): VolumeRun {
  return {
    report: {
      volume: view.volume.name,
      outcome: "failed",
      reason: messageOf(error),
      snapshot: null,
      files: 0,
      bytes: 0,
      bytesAdded: 0,
      unread: [],
      unreadCount: 0,
      seconds: 0,
    },
    suspect: null,
  };
}
