import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../service/atomic-file.ts";
import { rfc3339 } from "../../service/clock.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { NodeIdentity } from "../../storage/storage.ts";
import type { AppRepository } from "../engine/app-repository.ts";
import type { RepositoryPlace } from "../engine/repositories.ts";
import { newestSound, withDoubts, type Snapshot } from "../engine/snapshot.ts";
import { configsName } from "../source/configs.ts";
import { compare } from "./comparison.ts";
import type { RestorableStorage } from "./restore-work.ts";

export interface RecoveryParts {
  readonly repositories: RepositoryPlace;
  /** Ids of an app's versions that were made of a source that looked destroyed, as the server itself tells. */
  readonly doubted: (app: string, signal?: AbortSignal) => Promise<readonly string[]>;
  /** The directory that is to be the storage: there, and empty. */
  readonly root: string;
  /** Tells people what is being done. */
  readonly tell: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes an empty directory the storage that was backed up: its catalog, its apps, its identity, its nodes. Volumes have no
 * data yet. Throws `conflict` for a directory that is not empty; what cannot be brought back whole is not brought back.
 */
export async function recoverCatalog(parts: RecoveryParts): Promise<void> {
  const { repositories, root, tell, signal } = parts;
  await refuseUsed(root);
  const repository = await repositories.open(configsName, { ...(signal && { signal }) });
  const snapshot = (await repository.snapshots(signal)).at(-1);
  if (snapshot === undefined)
    throw new UserError("not-found", "the backup holds no catalog: nfs_configs has no version");
  tell(`the catalog as of ${rfc3339(snapshot.time)} …`);
  const staging = join(root, `.recovery-${randomUUID()}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    await bringBack(repository, snapshot, staging, signal);
    // What is no part of the catalog is kept where people find it.
    for (const name of await readdir(staging))
      if (name !== metaFolder) {
        const kept = join(staging, metaFolder, "recovered");
        await mkdir(kept, { recursive: true, mode: 0o700 });
        await rename(join(staging, name), join(kept, name));
      }
    await rename(join(staging, metaFolder), join(root, metaFolder));
    await syncDirectory(root);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Lets every volume wait for its newest version, of a source that did not look destroyed where there is one, which the backup service fills when it runs, one after the other; none can be
 * mounted before that. Returns those that have none. May be called again.
 */
export async function awaitVolumes(
  parts: RecoveryParts,
  storage: RestorableStorage,
  node: NodeIdentity,
): Promise<readonly string[]> {
  const { volumes } = await storage.list();
  const apps = Map.groupBy(
    volumes.filter(({ root }) => !root),
    ({ app }) => app,
  );
  const without: string[] = [];
  for (const [app, own] of apps) {
    const newest = await newestOf(parts, app);
    for (const record of own) {
      const { at = null, newer = null } = newest.get(record.name) ?? {};
      if (at === null) without.push(record.name);
      else if (record.state === "ready") await wait(storage, record, at, node);
      parts.tell(`${record.name} (app ${app}): ${at ?? "no version"}`);
      if (newer !== null)
        parts.tell(
          `! "${record.name}" looked destroyed later: the version of ${newer} is left out, and can be restored as well`,
        );
    }
  }
  return without;
}

async function wait(
  storage: RestorableStorage,
  { name }: VolumeRecord,
  at: string,
  node: NodeIdentity,
): Promise<void> {
  await storage.beginRestore(name, { from: name, at, paths: [], force: true, later: true }, node);
}

/** When a volume's version was made; `newer`: that of the newest, which is not taken. */
interface Newest {
  readonly at: string;
  readonly newer: string | null;
}

async function newestOf(
  { repositories, doubted, tell, signal }: RecoveryParts,
  app: string,
): Promise<ReadonlyMap<string, Newest>> {
  try {
    const repository = await repositories.open(app, { ...(signal && { signal }) });
    const snapshots = withDoubts(await repository.snapshots(signal), await doubted(app, signal));
    const volumes = [...Map.groupBy(snapshots, ({ volume }) => volume)];
    return new Map(
      volumes.flatMap(([volume, own]) => {
        const [sound, last] = [newestSound(own), own.at(-1)];
        if (sound === null || last === undefined) return [];
        const newer = sound === last ? null : rfc3339(last.time);
        return [[volume, { at: rfc3339(sound.time), newer }] as const];
      }),
    );
  } catch (error) {
    tell(`app ${app}: ${messageOf(error)}`);
    return new Map();
  }
}

async function bringBack(
  repository: AppRepository,
  snapshot: Snapshot,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const attended = { ...(signal && { signal }) };
  const { errors } = await repository.restore({
    snapshot: snapshot.id,
    target,
    verify: true,
    ...attended,
  });
  const { differences } = await compare(target, repository.ls(snapshot.id, null, signal), false);
  const all = [...errors.map(({ item, reason }) => `${item}: ${reason}`), ...differences];
  if (all.length > 0)
    throw new UserError(
      "unavailable",
      `the catalog could not be brought back whole: ${all.slice(0, 3).join("; ")}`,
    );
  await lstat(join(target, metaFolder, "storage.json"));
}

async function refuseUsed(root: string): Promise<void> {
  const names = (await readdir(root)).filter((name) => name !== "lost+found");
  if (names.length === 0) return;
  throw new UserError(
    "conflict",
    `${root} is not empty (${names.slice(0, 3).join(", ")}): a storage is recovered to an empty directory only. If it is still the storage, nothing has to be recovered: see swarmnfs backup status`,
  );
}
