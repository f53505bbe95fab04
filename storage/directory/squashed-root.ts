import { v7 as uuid } from "uuid";
import { StorageUnavailable } from "../unavailable.ts";
import type { Directory } from "./confined.ts";
import { isTrouble } from "./file-trouble.ts";

/**
 * Throws `unavailable` if what root makes in a folder of the storage belongs to somebody else: then volumes could not be given to
 * their owners, and what one node made another could not change. Where nothing can be written nothing is found out.
 */
export async function refuseSquashedRoot(folder: Directory, url: string): Promise<void> {
  const name = uuid();
  try {
    const { uid } = await folder.write(name, "who is root here?\n", true);
    if (uid !== 0n) throw squashed(url);
  } catch (error) {
    if (!isTrouble(error, "EROFS", "ENOSPC", "EDQUOT")) throw squashedRoot(error, url) ?? error;
  } finally {
    await folder.unlink(name).catch(() => {}); // housekeeping sweeps what stays
  }
}

/** The same told from a file system's error, or null: root is never refused anything elsewhere. */
export function squashedRoot(error: unknown, url: string): StorageUnavailable | null {
  return isTrouble(error, "EACCES", "EPERM") ? squashed(url, error) : null;
}

function squashed(url: string, cause?: unknown): StorageUnavailable {
  return new StorageUnavailable(
    `the server of ${url} does not let this node's root be root there ("root squash"), and volumes could not be given to their owners. Export it with no_root_squash (Synology: Squash = No mapping; TrueNAS: Maproot User = root)`,
    { cause },
  );
}
