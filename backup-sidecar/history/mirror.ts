import type { Log } from "../../service/log.ts";
import type { AppRepository, Change, Node } from "../engine/app-repository.ts";
import { newestSound, type Snapshot } from "../engine/snapshot.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { Remote } from "../repository/remote.ts";
import { historyFolder } from "./metadata.ts";
import { mirrorPath } from "./mirror-name.ts";
import { MirrorUpload } from "./mirror-upload.ts";
import type { MirrorKeeper } from "./remote-history.ts";
import type { Version } from "./version.ts";

export interface MirrorParts {
  readonly remote: Remote;
  /** Whether a volume is to have a copy. */
  readonly wants: (volume: string) => Promise<boolean>;
  /** A directory of ours outside the storage, with room for a few hundred MB; what is in it is removed. */
  readonly scratch: string;
  readonly log: Log;
}

/** What has to be done that the copy of one version becomes that of another. */
interface Steps {
  readonly folders: readonly string[];
  readonly files: readonly Node[];
  /** What is there and is not what the version has: it goes to the history. */
  readonly displaced: readonly string[];
  readonly removedFolders: readonly string[];
}

/**
 * Copies of volumes that people can browse, `<app>/<volume>/…`, not encrypted. Kept in step by what restic says has changed,
 * never by comparing sizes; what was there before goes to the history's folder of that version. Only files and directories:
 * links, owners and the like are in the repository. Each step may be done again.
 */
export class Mirror implements MirrorKeeper {
  readonly #parts: MirrorParts;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
  }

  async follow(
    repository: AppRepository,
    versions: readonly Version[],
    shown: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Record<string, string>> {
    const now: Record<string, string> = {};
    const all = versions.flatMap(({ snapshots }) => snapshots);
    for (const volume of new Set(all.map((each) => each.volume))) {
      if (!(await this.#parts.wants(volume))) continue;
      const own = all.filter((each) => each.volume === volume);
      const newest = newestSound(own);
      if (newest === null) continue;
      const before = own.find(({ id }) => id === shown[volume]) ?? null;
      const folder = versions.find(({ snapshots }) => snapshots.includes(newest))?.folder ?? "";
      if (before?.id !== newest.id) await this.#bring(repository, before, newest, folder, signal);
      now[volume] = newest.id;
    }
    return now;
  }

  async #bring(
    repository: AppRepository,
    before: Snapshot | null,
    snapshot: Snapshot,
    folder: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { remote, log, scratch } = this.#parts;
    const { app } = repository;
    const { volume } = snapshot;
    const steps = await stepsTo(repository, before, snapshot, signal);
    const at = (path: string): string | null => {
      const name = mirrorPath(path);
      return name === null ? null : `${app}/${volume}/${name}`;
    };
    await remote.makeFolder(`${app}/${volume}`, signal);
    for (const path of steps.displaced) {
      const [from, name] = [at(path), mirrorPath(path)];
      const to = `${historyFolder(app)}/${folder}/files/${volume}/${name}`;
      // Done before by a run that was cut off: what is there now is new.
      if (from === null || (await remote.stat(to, signal)) !== null) continue;
      await remote.move(from, to, signal).catch(unlessGone);
    }
    const permit = {
      run: `mirror of ${volume}`,
      kinds: ["mirror"] as const,
      names: null,
      maxCount: steps.removedFolders.length,
      maxBytes: Number.MAX_SAFE_INTEGER,
    };
    // The deepest first. What somebody else has put there stays, with its folder.
    for (const path of steps.removedFolders.toSorted((a, b) => b.length - a.length)) {
      const place = at(path);
      if (place !== null && (await isEmpty(remote, place, signal)))
        await remote.remove(place, permit, signal);
    }
    for (const path of steps.folders) {
      const place = at(path);
      if (place !== null) await remote.makeFolder(place, signal);
    }
    const upload = new MirrorUpload({ repository, remote, snapshot: snapshot.id, scratch, at });
    const left = await upload.all(steps.files, signal);
    log.info({ app, volume, files: steps.files.length - left, left }, "the copy is in step");
  }
}

async function stepsTo(
  repository: AppRepository,
  before: Snapshot | null,
  snapshot: Snapshot,
  signal?: AbortSignal,
): Promise<Steps> {
  const changes = before === null ? null : await changesOf(repository, before, snapshot, signal);
  // Of what became a directory restic says nothing more.
  const became = [...(changes ?? [])]
    .filter(([path, kind]) => path.endsWith("/") && kind === "T")
    .map(([path]) => path);
  const wanted = (path: string): boolean =>
    changes === null ||
    isNew(changes.get(path)) ||
    became.some((folder) => `${path}/`.startsWith(folder));
  const [folders, files]: [string[], Node[]] = [[], []];
  for await (const node of repository.ls(snapshot.id, null, signal)) {
    if (node.type === "dir" && wanted(node.path)) folders.push(node.path);
    if (node.type === "file" && wanted(node.path)) files.push(node);
  }
  const gone = [...(changes ?? [])].filter(([, kind]) => kind !== "+" && kind !== "U");
  return {
    folders,
    files,
    displaced: [
      ...gone.filter(([path]) => !path.endsWith("/")).map(([path]) => path),
      ...became.map((path) => path.slice(0, -1)),
    ],
    removedFolders: gone
      .filter(([path, kind]) => path.endsWith("/") && kind === "-")
      .map(([path]) => path),
  };
}

/** By path; those of directories end in a slash in what restic says of changes, and not in its lists. */
async function changesOf(
  repository: AppRepository,
  before: Snapshot,
  snapshot: Snapshot,
  signal?: AbortSignal,
): Promise<Map<string, Change["kind"]>> {
  const changes = new Map<string, Change["kind"]>();
  for await (const { path, kind } of repository.diff(before.id, snapshot.id, signal)) {
    changes.set(path, kind);
    if (path.endsWith("/") && kind === "+") changes.set(path.slice(0, -1), kind);
  }
  return changes;
}

function isNew(kind: Change["kind"] | undefined): boolean {
  return kind === "+" || kind === "M" || kind === "T";
}

/** Also one that is not there. */
async function isEmpty(remote: Remote, folder: string, signal?: AbortSignal): Promise<boolean> {
  const found = await remote.list(folder, signal).catch(unlessGone);
  return found === undefined || found.length === 0;
}

function unlessGone(error: unknown): void {
  if (!(error instanceof RemoteFailure) || error.kind !== "gone") throw error;
}
