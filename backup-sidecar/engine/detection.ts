import { buffer } from "node:stream/consumers";
import { messageOf } from "../../service/message-of.ts";
import { DamagedRecord } from "../../storage/records/parse.ts";
import { RemoteFailure } from "../repository/failure.ts";
import type { RemoteEntry } from "../repository/remote.ts";
import type { Pin, ToldPin } from "./pins.ts";
import type { RepositoryState } from "./repository-trouble.ts";
import type { RepositoryWorld } from "./repository-world.ts";
import { configSchema } from "./restic-messages.ts";
import { ResticFailure } from "./restic-failure.ts";
import { ResticRepository } from "./restic-repository.ts";
import { pathOf } from "./runner.ts";

/** What a look found. */
export interface Found {
  readonly state: RepositoryState;
  readonly pin: Pin | null;
  readonly told: ToldPin | null;
  /** Of `new`: what an interrupted creation of ours left, paths on the server. */
  readonly leftovers: readonly string[];
}

/** restic 0.18 reads up to this; newer formats are told by their number. */
const newestFormat = 2;

/**
 * The truth table: what is at an app's place on the server, held against what is known of it. "Not there" means new only if
 * nothing ever said that it was there, and the folders above it can be listed. Throws `RemoteFailure` if the server does not
 * let us see.
 */
export async function look(
  world: RepositoryWorld,
  app: string,
  signal?: AbortSignal,
): Promise<Found> {
  const known = await knowledge(world, app);
  if ("state" in known) return { ...known, pin: null, told: null, leftovers: [] };
  const { pin } = known;
  const config = await configNow(world, pathOf(app), signal);
  // What the server itself says is asked for where nobody else says it.
  const isKnown = config !== null && pin?.state === "known";
  const told = isKnown ? null : await world.pins.told(app, signal);
  if (config === null)
    return { ...(await withoutConfig(world, app, pin, told, signal)), pin, told };
  const state = await withConfig(world, app, config, pin, known.ids, signal);
  // Nothing of what is not ours, or not whole, is for whoever finds ours there again.
  if (state.kind !== "ready") await world.bridge.forget(pathOf(app));
  if (state.kind === "damaged" && pin?.state === "creating") {
    const { leftovers, data } = await remains(world, app, signal);
    if (!data) return { state: { kind: "new" }, pin, told, leftovers };
  }
  return { state, pin, told, leftovers: [] };
}

async function knowledge(
  world: RepositoryWorld,
  app: string,
): Promise<{ pin: Pin | null; ids: ReadonlySet<string> } | { state: RepositoryState }> {
  try {
    return { pin: await world.pins.of(app), ids: await world.pins.ids(app) };
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    const reason = `what is known of the repository of app "${app}" cannot be read: ${messageOf(error)}. It is in .swarmnfs/backup/pins/${app}.json on the storage, or in this service's state directory. If one of the two is whole, remove the other`;
    return { state: { kind: "damaged", reason } };
  }
}

async function withoutConfig(
  world: RepositoryWorld,
  app: string,
  pin: Pin | null,
  told: ToldPin | null,
  signal?: AbortSignal,
): Promise<Pick<Found, "state" | "leftovers">> {
  const { leftovers, data, above } = await remains(world, app, signal);
  if (pin?.state === "known" || told !== null) {
    const last = pin?.repository ?? told?.repository ?? "";
    const reason = `the repository of app "${app}" (${last.slice(0, 8)}) is not where it was on the backup server. Is the server's disk mounted, and is WEBDAV_URL right? Nothing is made anew in its place`;
    if (data)
      return damaged(
        `the repository of app "${app}" has lost its config file. It can be put back: swarmnfs backup verify`,
      );
    return { state: { kind: "gone", reason }, leftovers: [] };
  }
  if (!above && (await world.pins.any())) {
    const reason = `none of the backups of this storage is on the backup server any more. Is the server's disk mounted, and is WEBDAV_URL right? Nothing is made anew in their place`;
    return { state: { kind: "gone", reason }, leftovers: [] };
  }
  const isOurs = pin?.state === "creating" && !data;
  if (leftovers.length > 0 && !isOurs)
    return damaged(
      `at the place of the repository of app "${app}" are files, and no config: it is a damaged repository, or something else. Look at ${pathOf(app)} on the backup server; swarmnfs does not write there as it is`,
    );
  return { state: { kind: "new" }, leftovers };
}

async function withConfig(
  world: RepositoryWorld,
  app: string,
  config: string,
  pin: Pin | null,
  ids: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<RepositoryState> {
  const repository = new ResticRepository(app, "", world);
  const path = pathOf(app);
  if (await isAsBefore(world, path, config, pin, ids))
    return { kind: "ready", id: pin?.repository ?? "" };
  // What is there is to be looked at, not what was there a minute ago.
  await world.bridge.forget(path);
  try {
    const args = ["cat", "config", "--no-lock"];
    const { id, version } = configSchema.parse(
      await repository.ask({ args, signal }, { readOnly: true }),
    );
    if (version > newestFormat)
      return {
        kind: "too-new",
        reason: `the repository of app "${app}" has format ${version}; this version of swarmnfs knows ${newestFormat}. Upgrade the backup service`,
      };
    const others = [...ids].filter((known) => known !== id);
    if (others.length > 0)
      return {
        kind: "foreign",
        reason: `on the backup server is another repository for app "${app}" (${id.slice(0, 8)}) than the one that was there (${others.map((other) => other.slice(0, 8)).join(", ")}). Nothing is written to it. Is WEBDAV_URL right, and SWARMNFS_STORAGE_NAME?`,
      };
    await world.restic.noteOpened(path);
    return { kind: "ready", id };
  } catch (error) {
    if (!(error instanceof ResticFailure)) throw error;
    return unreadable(app, config, pin, error);
  }
}

/** The config is to the byte what it was when this password opened it. */
async function isAsBefore(
  world: RepositoryWorld,
  path: string,
  config: string,
  pin: Pin | null,
  ids: ReadonlySet<string>,
): Promise<boolean> {
  if (pin?.state !== "known" || pin.config === null || ids.size !== 1) return false;
  return config === pin.config && (await world.restic.hasOpened(path));
}

/** Null if there is none. */
async function configNow(
  world: RepositoryWorld,
  path: string,
  signal?: AbortSignal,
): Promise<string | null> {
  try {
    const config = await world.remote.read(`${path}/config`, undefined, signal);
    return (await buffer(config)).toString("base64");
  } catch (error) {
    if (error instanceof RemoteFailure && error.kind === "gone") return null;
    throw error;
  }
}

function unreadable(
  app: string,
  config: string,
  pin: Pin | null,
  failure: ResticFailure,
): RepositoryState {
  if (pin?.state === "known" && pin.config !== null && config !== pin.config)
    return {
      kind: "damaged",
      reason: `the config of the repository of app "${app}" was overwritten: somebody made a repository over it, or the file is damaged. It can be put back: swarmnfs backup verify`,
    };
  if (failure.kind === "wrong-password")
    return {
      kind: "wrong-password",
      reason: `the backup password does not open the repository of app "${app}". Was BACKUP_PASSWORD changed here, or on another node with "swarmnfs backup key"? A recovery key opens it, too`,
    };
  if (failure.kind !== "failed" && failure.kind !== "no-repository" && failure.kind !== "crashed")
    throw failure;
  if (failure.said.some((line) => /unsupported repository version/i.test(line)))
    return {
      kind: "too-new",
      reason: `the repository of app "${app}" was written by a newer restic than this one. Upgrade the backup service`,
    };
  return {
    kind: "damaged",
    reason: `the repository of app "${app}" cannot be opened: ${failure.said.at(-1) ?? failure.message}`,
  };
}

/** What lies at its place. `data`: something that was backed up; `above`: the folder of all repositories is there. */
async function remains(
  world: RepositoryWorld,
  app: string,
  signal?: AbortSignal,
): Promise<{ readonly leftovers: string[]; readonly data: boolean; readonly above: boolean }> {
  const path = pathOf(app);
  const list = async (folder: string): Promise<readonly RemoteEntry[] | null> => {
    try {
      return await world.remote.list(folder, signal);
    } catch (error) {
      if (error instanceof RemoteFailure && error.kind === "gone") return null;
      throw error;
    }
  };
  const above = (await list("repositories")) !== null;
  const here = (await list(path)) ?? [];
  const leftovers: string[] = [];
  let data = false;
  for (const { name, kind } of here) {
    if (kind === "file") leftovers.push(`${path}/${name}`);
    else {
      const inside = (await list(`${path}/${name}`)) ?? [];
      const files = await filesIn(inside, (shard) => list(`${path}/${name}/${shard}`));
      if (files && (name === "data" || name === "index" || name === "snapshots")) data = true;
      if (files) leftovers.push(`${path}/${name}`);
    }
  }
  return { leftovers, data, above };
}

/** restic makes all folders of `data` at once, which may be empty. One level down is as deep as a repository is. */
async function filesIn(
  entries: readonly RemoteEntry[],
  list: (name: string) => Promise<readonly RemoteEntry[] | null>,
): Promise<boolean> {
  for (const { name, kind } of entries) {
    if (kind === "file" || ((await list(name))?.length ?? 0) > 0) return true;
  }
  return false;
}

function damaged(reason: string): Pick<Found, "state" | "leftovers"> {
  return { state: { kind: "damaged", reason }, leftovers: [] };
}
