import { rfc3339, type Clock } from "../../service/clock.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { RunReport } from "../engine/run-report.ts";
import { tags, type Snapshot } from "../engine/snapshot.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { Remote } from "../repository/remote.ts";
import { topOf } from "../source/top-directory.ts";
import { historyFolder, metadataPath, readMetadata, type Metadata } from "./metadata.ts";
import { readmeText } from "./readme.ts";
import { isVersionFolder, versionsOf, type Version } from "./version.ts";

export interface HistoryParts {
  readonly remote: Remote;
  /** What it is called on the server, and its id. */
  readonly storageName: string;
  readonly storageId: string;
  readonly clock: Clock;
  /** Keeps the browsable copies of volumes in step; returns which snapshot each shows. */
  readonly mirror?: MirrorKeeper;
}

export interface MirrorKeeper {
  follow(
    repository: AppRepository,
    versions: readonly Version[],
    shown: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Record<string, string>>;
}

/** The history of all apps, on the server. Each record of it makes good whatever is missing or too much. */
export class RemoteHistory {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** After a run, as `History` has it; `snapshots` are the repository's, oldest first, with what is to be said of them. */
  async record(
    repository: AppRepository,
    snapshots: readonly Snapshot[],
    report: RunReport,
    signal?: AbortSignal,
  ): Promise<void> {
    const { remote } = this.#parts;
    const { app } = repository;
    const found = await this.#folders(app, signal);
    const known = found === null ? null : await readMetadata(remote, app, signal);
    const there = found ?? new Set<string>();
    const folders = foldersIn(known);
    const versions = versionsOf(snapshots, folders);
    await this.#readme(signal);
    // One that the list does not know may lack its manifest.
    const listed = new Set(folders.values());
    const whole = new Set([...there].filter((folder) => listed.has(folder)));
    await this.#writeMissing(repository, versions, whole, signal);
    const shown = known?.mirror ?? {};
    const mirror = (await this.#parts.mirror?.follow(repository, versions, shown, signal)) ?? shown;
    // What is gone from the list goes from the folder afterwards: a crash between leaves a folder too many, not too few.
    await this.#writeMetadata(repository, versions, mirror, known, signal);
    await this.#removeForgotten(app, report.run, versions, there, signal);
  }

  async #readme(signal?: AbortSignal): Promise<void> {
    const { remote, storageName } = this.#parts;
    const body = Buffer.from(readmeText(storageName));
    const found = await remote.stat("README.txt", signal);
    if (found?.size === body.length) return;
    await remote.write("README.txt", body, { size: body.length }, signal);
  }

  /** Null: there is not even a place for them. */
  async #folders(app: string, signal?: AbortSignal): Promise<Set<string> | null> {
    try {
      const entries = await this.#parts.remote.list(historyFolder(app), signal);
      return new Set(entries.map(({ name }) => name).filter(isVersionFolder));
    } catch (error) {
      if (error instanceof RemoteFailure && error.kind === "gone") return null;
      throw error;
    }
  }

  async #writeMissing(
    repository: AppRepository,
    versions: readonly Version[],
    whole: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<void> {
    // The newest first: they are what people look for.
    const missing = versions.filter(({ folder }) => !whole.has(folder)).toReversed();
    for (const version of missing) await this.#writeVersion(repository, version, signal);
  }

  /** Says how much there was, and not what it is called: names are what the repository encrypts. */
  async #writeVersion(
    repository: AppRepository,
    version: Version,
    signal?: AbortSignal,
  ): Promise<void> {
    const folder = `${historyFolder(repository.app)}/${version.folder}`;
    const manifest = {
      schema: 1,
      app: repository.app,
      repository: repository.id,
      run: version.run,
      time: rfc3339(version.time),
      volumes: version.snapshots.map((snapshot) => ({
        ...viewOf(snapshot),
        /** Of the top directory itself. */
        top: topOf(snapshot.tags),
      })),
    };
    // Last: a folder with a manifest is whole.
    await this.#write(`${folder}/manifest.json`, documentOf(manifest), signal);
  }

  async #writeMetadata(
    repository: AppRepository,
    versions: readonly Version[],
    mirror: Record<string, string>,
    known: Metadata | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const { app, id } = repository;
    const { storageId, clock } = this.#parts;
    const metadata: Metadata = {
      ...known,
      schema: 1,
      app,
      storage: storageId,
      repository: { id, path: `repositories/${app}`, format: "restic, version 2" },
      updatedAt: rfc3339(clock.now()),
      versions: versions.map(({ folder, time, run, snapshots }) => ({
        folder,
        time: rfc3339(time),
        run,
        volumes: snapshots.map(viewOf),
      })),
      mirror,
    };
    await this.#write(metadataPath(app), documentOf(metadata), signal);
  }

  async #removeForgotten(
    app: string,
    run: string,
    versions: readonly Version[],
    there: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<void> {
    const kept = new Set(versions.map(({ folder }) => folder));
    const gone = [...there].filter((folder) => !kept.has(folder));
    if (kept.size === 0 || gone.length === 0) return; // never all of it, whatever somebody thinks he saw
    const permit = {
      run,
      kinds: ["history"] as const,
      names: gone,
      maxCount: gone.length,
      maxBytes: Number.MAX_SAFE_INTEGER,
    };
    for (const folder of gone)
      await this.#parts.remote.remove(`${historyFolder(app)}/${folder}`, permit, signal);
  }

  async #write(path: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#parts.remote.write(path, body, { size: body.length }, signal);
  }
}

function foldersIn(metadata: Metadata | null): Map<string, string> {
  const known = (metadata?.versions ?? []).filter(({ folder }) => isVersionFolder(folder));
  return new Map(
    known.flatMap(({ folder, volumes }) =>
      volumes.map(({ snapshot }) => [snapshot, folder] as const),
    ),
  );
}

function viewOf(snapshot: Snapshot): Metadata["versions"][number]["volumes"][number] {
  const marks = new Set<string>([tags.suspect, tags.partial, tags.doubtfulTime]);
  return {
    volume: snapshot.volume,
    snapshot: snapshot.id,
    time: rfc3339(snapshot.time),
    files: snapshot.files,
    bytes: snapshot.bytes,
    marks: snapshot.tags.filter((tag) => marks.has(tag)),
  };
}

function documentOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
