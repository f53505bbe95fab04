import type { Remote } from "../repository/remote.ts";
import type { Snapshot } from "./snapshot.ts";
import { type SnapshotFiles, snapshotFiles } from "./snapshot-files.ts";

/**
 * The versions of repositories, as restic last read them. The name of a version's file is the SHA-256 of what is in it: while
 * the server lists the same names and sizes, restic would say the same again, and needs a second to say it.
 */
export class SnapshotMemory {
  readonly #known = new Map<
    string,
    { readonly files: SnapshotFiles; readonly snapshots: readonly Snapshot[] }
  >();

  /** Of the repository at this path; `read` is restic's way. Throws `RemoteFailure`, and what `read` throws. */
  async of(
    path: string,
    remote: Remote,
    read: () => Promise<readonly Snapshot[]>,
    signal?: AbortSignal,
  ): Promise<readonly Snapshot[]> {
    const files = await snapshotFiles(path, remote, signal);
    const known = this.#known.get(path);
    if (known !== undefined && files !== null && isSame(files, known.files)) return known.snapshots;
    const snapshots = await read();
    const ids = new Set(snapshots.map(({ id }) => id));
    // What restic could not read, or the listing leaves out, is asked for again the next time.
    if (files?.size === ids.size && [...files.keys()].every((id) => ids.has(id)))
      this.#known.set(path, { files, snapshots });
    else this.#known.delete(path);
    return snapshots;
  }
}

function isSame(one: SnapshotFiles, other: SnapshotFiles): boolean {
  return one.size === other.size && [...one].every(([id, size]) => other.get(id) === size);
}
