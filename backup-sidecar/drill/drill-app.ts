import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { rfc3339, type Clock } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import type { AppRepository, Node } from "../engine/app-repository.ts";
import type { Snapshot } from "../engine/snapshot.ts";
import { compare } from "../restore/comparison.ts";
import type { SourceView } from "../source/source-view.ts";
import type { DrillReport } from "./drill.ts";
import { hashesOf, type FileFacts } from "./hashes.ts";
import { exactly, sampleOf, type SampleLimits } from "./sample.ts";

/** Of each volume. */
const usual: SampleLimits = { files: 20, bytes: 256 * 1024 * 1024 };
/** Milliseconds: how precisely Node.js tells times. */
const nearlyMs = 1;

export interface DrillWorld {
  /** A directory of ours outside the storage, with room for a sample; what is in it is removed. */
  readonly scratch: string;
  readonly clock: Clock;
  readonly limits?: SampleLimits;
  /** 0 to 1. */
  readonly random?: () => number;
}

type VolumeDrill = DrillReport["volumes"][number];

/**
 * Brings back files of the newest version of each volume and compares them: with the version's own list, with their hashes
 * in the repository, and with the live files where these have not changed since. `sources`: the app's volumes as they are.
 * Throws `RemoteFailure` and the like only if nothing could be tried; what is wrong with a backup is in the report.
 */
export async function drillApp(
  repository: AppRepository,
  sources: readonly SourceView[],
  world: DrillWorld,
  signal?: AbortSignal,
): Promise<DrillReport> {
  const began = performance.now();
  const newest = new Map<string, Snapshot>();
  for (const snapshot of await repository.snapshots(signal)) newest.set(snapshot.volume, snapshot);
  const volumes: VolumeDrill[] = [];
  for (const snapshot of newest.values()) {
    const source = sources.find(({ volume }) => volume.name === snapshot.volume) ?? null;
    volumes.push(await drillVolume(repository, snapshot, source, world, signal));
  }
  return {
    schema: 1,
    app: repository.app,
    at: rfc3339(world.clock.now()),
    ok: volumes.every(({ problems }) => problems.length === 0),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    volumes,
  };
}

async function drillVolume(
  repository: AppRepository,
  snapshot: Snapshot,
  source: SourceView | null,
  world: DrillWorld,
  signal?: AbortSignal,
): Promise<VolumeDrill> {
  const { limits = usual, random = Math.random } = world;
  const target = join(world.scratch, `drill-${snapshot.id.slice(0, 12)}`);
  const drill = { volume: snapshot.volume, snapshot: snapshot.id };
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true, mode: 0o700 });
  try {
    const list = repository.ls(snapshot.id, null, signal);
    const { chosen, files } = await sampleOf(list, limits, random);
    const problems: string[] = [];
    const empty = { sampled: 0, files, bytes: 0, comparedLive: 0, problems };
    if (chosen.length === 0) return { ...drill, ...empty };
    const restored = await repository.restore({
      snapshot: snapshot.id,
      include: chosen.map(({ path }) => exactly(path)),
      target,
      verify: true,
      ...(signal && { signal }),
    });
    problems.push(...restored.errors.map(({ item, reason }) => `${item}: ${reason}`));
    problems.push(...(await compare(target, each(chosen), false)).differences);
    const live = source === null ? null : await compareLive(target, source, chosen);
    problems.push(...(live?.problems ?? []));
    const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
    const comparedLive = live?.compared ?? 0;
    return { ...drill, sampled: chosen.length, files, bytes, comparedLive, problems };
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Only with files whose size and time are those of the version: others have changed since, as they may. */
async function compareLive(
  target: string,
  source: SourceView,
  chosen: readonly Node[],
): Promise<{ readonly compared: number; readonly problems: readonly string[] }> {
  const paths = chosen.map(({ path }) => path);
  try {
    const [live, restored] = [await hashesOf(source, paths), await hashesOf(inside(target), paths)];
    const same = chosen.flatMap((node, at) => {
      const now = live[at] ?? null;
      return isUnchanged(node, now) ? [{ node, now, back: restored[at] ?? null }] : [];
    });
    const problems = same
      .filter(({ now, back }) => now?.sha256 !== back?.sha256)
      .map(({ node }) => `${node.path} differs from the live file, which has not changed since`);
    return { compared: same.length, problems };
  } catch (error) {
    return { compared: 0, problems: [`the live files could not be read: ${messageOf(error)}`] };
  }
}

function isUnchanged(node: Node, now: FileFacts): boolean {
  if (now === null || now.size !== node.size) return false;
  return Math.abs(now.mtimeMs - Date.parse(node.mtime)) <= nearlyMs;
}

/** A directory of ours needs no name space of its own. */
function inside(directory: string): Pick<SourceView, "command"> {
  return {
    command: (program, args) => ({
      file: "sh",
      args: ["-c", 'cd "$1" && shift && exec "$@"', "sh", directory, program, ...args],
    }),
  };
}

async function* each(nodes: readonly Node[]): AsyncIterable<Node> {
  yield* nodes;
}
