import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { bounded } from "../../service/bounded.ts";
import { formatSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import { metaFolder } from "../../storage/directory/layout.ts";
import { volumeRecordSchema } from "../../storage/records/volume.ts";
import { volumeFolders } from "../../storage/rules/volume-path.ts";
import type { ViewPlace } from "./private-view.ts";
import { sourceView, type SourceView } from "./source-view.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** The app, and its one volume, under which the catalog and the configuration of the storage node are saved. */
export const configsName = "nfs_configs";

/** What of `.swarmnfs` says which volumes there are, whose they are, and who the storage and its nodes are. */
const kept = [
  "storage.json",
  "volumes",
  "apps",
  "numbers",
  "server",
  "trash",
  // Which repositories are ours, whose history is frozen, and what was found whole.
  "backup/pins",
  "backup/suspect",
  "backup/integrity",
];
/** A file that is larger is no configuration, nor a log that somebody turns over; bytes. */
const largest = 64 * 1024 * 1024;
/** Of the trash the records alone, not the data; and nobody's right of today. */
const passing = new Set(["data", "leases"]);
/** Milliseconds for what is small and many. */
const longestMs = 5 * 60_000;

export interface ConfigsPlace {
  /** The storage's root. */
  readonly root: string;
  /** A directory of ours, outside the storage, that is made anew each time. */
  readonly scratch: string;
  readonly mountPoint: string;
  /** Further directories, by the names under which they are saved: what an administrator mounted for that. */
  readonly extra: Readonly<Record<string, string>>;
}

/** What is saved, and what of it is not, in words for people. */
export interface ConfigsSource {
  readonly view: SourceView;
  readonly notes: readonly string[];
}

/**
 * Copies all of that beside each other, as it lies below the storage's root: brought back to an empty directory it is the
 * storage again, but for the volumes' data. Throws `unavailable` if the storage has no catalog.
 */
export async function configsSource(place: ConfigsPlace): Promise<ConfigsSource> {
  const volume = recordOf();
  const target = join(place.scratch, ...volumeFolders(volume));
  const large: string[] = [];
  await bounded(collect(place, target, large), longestMs, late);
  const view: ViewPlace = { root: place.scratch, mountPoint: place.mountPoint };
  const notes = large.map((path) => `${path} is larger than ${formatSize(largest)}, and not saved`);
  return { view: sourceView(view, volume), notes };
}

function late(): Error {
  return new UserError("unavailable", "the storage does not answer");
}

async function collect(place: ConfigsPlace, target: string, large: string[]): Promise<void> {
  await fs.rm(place.scratch, { recursive: true, force: true });
  await fs.mkdir(target, { recursive: true, mode: 0o700 });
  for (const name of kept)
    await copy(join(place.root, metaFolder, name), join(target, metaFolder, name), large, passing);
  for (const [name, folder] of Object.entries(place.extra))
    await copy(folder, join(target, name), large);
  const marker = await fs.stat(join(target, metaFolder, "storage.json")).catch(() => null);
  if (marker === null)
    throw new UserError("unavailable", "the storage has no catalog: is its disk mounted?");
}

/** Files and directories only, with their times and owners; no link is followed. */
async function copy(
  from: string,
  to: string,
  large: string[],
  without: ReadonlySet<string> = new Set(),
): Promise<void> {
  const found = await fs.lstat(from).catch(ifMissing);
  if (found?.isDirectory() === true) {
    await fs.mkdir(to, { recursive: true, mode: 0o700 });
    for (const name of await fs.readdir(from))
      if (!without.has(name)) await copy(join(from, name), join(to, name), large, without);
  }
  if (found?.isFile() === true && found.size > largest) return void large.push(from);
  if (found?.isFile() === true) {
    const content = await contentOf(from);
    if (content === null) return;
    await fs.mkdir(join(to, ".."), { recursive: true, mode: 0o700 });
    await fs.writeFile(to, content, { mode: 0o600 });
  }
  if (found === null || !(found.isDirectory() || found.isFile())) return;
  await fs.chown(to, found.uid, found.gid);
  await fs.chmod(to, found.mode & 0o7777);
  await fs.utimes(to, found.atime, found.mtime);
}

/** Null for one that was replaced by something else, or removed, at this moment. */
async function contentOf(path: string): Promise<Buffer | null> {
  try {
    await using file = await fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return await file.readFile();
  } catch (error) {
    return ifMissing(error as NodeJS.ErrnoException);
  }
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ELOOP" || error.code === "ESTALE") return null;
  throw error;
}

function recordOf(): SourceView["volume"] {
  return volumeRecordSchema.parse({
    schema: 1,
    revision: 1,
    id: "00000000-0000-7000-8000-000000000000",
    name: configsName,
    app: configsName,
    options: {},
    services: null,
    hosts: null,
    access: "readonly",
    owner: { uid: 0, gid: 0, mode: 0o700 },
    squash: null,
    size: null,
    onRemove: "retain",
    backup: "default",
    mirror: false,
    mountOptions: [],
    root: false,
    fsid: 1,
    fill: null,
    state: "ready",
    createdAt: "1970-01-01T00:00:00Z",
    createdBy: "swarmnfs",
  });
}
