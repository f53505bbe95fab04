import { mkdir } from "node:fs/promises";
import { v7 as uuid } from "uuid";
import * as z from "zod";
import { rfc3339 } from "../../service/clock.ts";
import { UserError } from "../../service/user-error.ts";
import { timeSchema } from "../records/fields.ts";
import { DamagedRecord, parseRecord } from "../records/parse.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { Directory, sameStamp, type Stamp } from "./confined.ts";
import { type ExpectedMount, refuseUnmounted } from "./expected-mount.ts";
import { isTrouble } from "./file-trouble.ts";
import { Layout, metaFolder, metaFolders } from "./layout.ts";
import { refuseSquashedRoot } from "./squashed-root.ts";

/** Where a directory storage is, and what is expected there. */
export interface Place {
  /** As the administrator wrote it; what messages call the storage. */
  readonly url: string;
  /** Absolute, as this process sees it. Symlinks in it are the administrator's. */
  readonly path: string;
  /** Make the root itself if it is missing and this node never knew the storage. */
  readonly makeRoot: boolean;
  /** What must be mounted there; without it, whatever is there is taken. */
  readonly mount?: ExpectedMount;
  /**
   * It is an export of an NFS server, mounted at `path` for this process alone: root must not be squashed there, and
   * volumes are mounted anew, with all their own mount options.
   */
  readonly nfs?: true;
  /** An NFS server is asked for no delegations of our files, see {@link Directory.root}. */
  readonly undelegated?: true;
  /**
   * It is the data disk of our own server, which shows volumes to nodes: that one keeps an exclusive volume on one node and
   * squashes users, and volumes are mounted on the nodes, with all their own mount options.
   */
  readonly served?: true;
}

const markerFile = "storage.json";

/** `<root>/.swarmnfs/storage.json`: what tells this storage from an empty directory where a disk is not mounted. */
const markerSchema = z.looseObject({ schema: z.literal(1), id: z.uuid(), createdAt: timeSchema });

export interface Marker {
  readonly id: string;
  readonly stamp: Stamp;
}

/** What may lie in a directory that is called empty: made by file systems and desktops, not by people. */
const harmless =
  /^(lost\+found|\.Trash.*|\.nfs.*|\.snapshots?|\.zfs|@eaDir|#recycle|#snapshot|\.glusterfs|\.gitkeep|\.keep|\.DS_Store|System Volume Information)$/;

/** Opens the storage's root. Throws `unavailable` if it is not there, or not mounted though it must be. */
export async function openRoot(place: Place): Promise<Directory> {
  const root = await openDirectory(place);
  if (place.mount === undefined) return root;
  try {
    await refuseUnmounted(root, place.url, place.mount);
    return root;
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDirectory({ path, url, undelegated }: Place): Promise<Directory> {
  try {
    return await Directory.root(path, undelegated);
  } catch (error) {
    if (isTrouble(error, "ENOENT", "ENOTDIR")) {
      throw new StorageUnavailable(
        `${url} is not there: "${path}" is not a directory on this node. Mount or create it; this works again then`,
        { cause: error },
      );
    }
    throw error;
  }
}

/**
 * Opens `.swarmnfs` and reads the marker; null without one. A marker whose file is still `known`'s is not read again.
 * Throws `unavailable` if it cannot be read. The caller disposes of `meta`.
 */
export async function readMarker(
  root: Directory,
  url: string,
  known: Marker | null,
): Promise<{ readonly marker: Marker; readonly meta: Directory } | null> {
  let meta: Directory;
  try {
    meta = await root.open(metaFolder);
  } catch (error) {
    if (isTrouble(error, "ENOENT")) return null;
    throw error;
  }
  try {
    const now = await meta.stat(markerFile);
    if (now !== null && known !== null && sameStamp(now, known.stamp))
      return { marker: known, meta };
    const found = await meta.read(markerFile);
    if (found !== null)
      return { marker: { id: parseRecord(found.text, markerSchema).id, stamp: found.stamp }, meta };
  } catch (error) {
    await meta[Symbol.asyncDispose]();
    if (!(error instanceof DamagedRecord)) throw error;
    throw new StorageUnavailable(
      `${url} cannot be used: its marker ${metaFolder}/${markerFile} cannot be read, ${error.message}. It is left as it is; restore it from a backup`,
      { cause: error },
    );
  }
  await meta[Symbol.asyncDispose]();
  return null;
}

/** Why a storage that is known by its id may not be used as it is found now. */
export function markerMissing(url: string): StorageUnavailable {
  return new StorageUnavailable(
    `${url} is not the storage it was: its marker ${metaFolder}/${markerFile} is missing. Probably a disk is not mounted there. Mount it; nothing is made anew meanwhile`,
  );
}

export function markerDiffers(url: string, id: string, knownId: string): StorageUnavailable {
  return new StorageUnavailable(
    `${url} is another storage than before (its id is ${id}; this node knows ${knownId}). Mount the right one there, or give the new one a URL of its own`,
  );
}

/**
 * Makes a storage of an empty directory: folders first, the marker last and by link(2), so that of two nodes that do
 * it at once one wins. Throws `conflict` with advice if somebody else's files are there, and `unavailable` if root is
 * squashed where it must not be; then nothing is left there.
 */
export async function initialise(place: Place, now: number): Promise<void> {
  const { url, nfs } = place;
  await using root = await openRoot(place);
  await refuseStrangers(root, url);
  const isNew = await root.mkdir(metaFolder, 0o700);
  await using layout = await Layout.within(await openRoot(place));
  if (nfs) {
    await refuseSquashedRoot(layout.meta, url).catch(async (error: unknown) => {
      if (isNew) await root.rmdir(metaFolder).catch(() => {});
      throw error;
    });
  }
  await refuseOrphans(layout, url);
  for (const name of metaFolders) await layout.folder(name);
  for (const name of ["apps", "shared"])
    await (await root.make(name, 0o755))[Symbol.asyncDispose]();
  const tmp = await layout.folder("tmp");
  const file = uuid();
  await tmp.write(
    file,
    `${JSON.stringify({ schema: 1, id: uuid(), createdAt: rfc3339(now) }, null, 2)}\n`,
  );
  await tmp.link(file, layout.meta, markerFile);
  await tmp.unlink(file);
  await layout.meta.sync();
  await root.sync();
}

/** Makes the root itself, for a storage that is a directory of this node by default. */
export async function makeRoot(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o755 });
}

async function refuseStrangers(root: Directory, url: string): Promise<void> {
  const names = await root.names();
  if (names.includes(metaFolder)) return; // begun by us and not finished, or its marker was lost: looked at next
  const strange = names.filter((name) => !harmless.test(name));
  if (strange.length === 0) return;
  const shown = strange
    .slice(0, 3)
    .map((name) => JSON.stringify(name))
    .join(", ");
  throw new UserError(
    "conflict",
    `${url} is not empty (it holds ${shown}${strange.length > 3 ? ", …" : ""}) and was never used by swarmnfs. Give swarmnfs a directory of its own, like ${url.replace(/[/]*([?].*)?$/, "/swarmnfs")}`,
  );
}

async function refuseOrphans(layout: Layout, url: string): Promise<void> {
  for (const name of ["volumes", "apps", "trash"] as const) {
    if (!(await (await layout.folder(name)).isEmpty())) {
      throw new StorageUnavailable(
        `${url} has lost its marker ${metaFolder}/${markerFile}, but records of volumes are there. Restore the marker from a backup; nothing is made anew over them`,
      );
    }
  }
}
