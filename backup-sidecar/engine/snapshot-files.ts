import { RemoteFailure } from "../repository/failure.ts";
import type { Remote } from "../repository/remote.ts";

/** The files of versions as the server lists them: size by name. The name is the SHA-256 of what is in it. */
export type SnapshotFiles = ReadonlyMap<string, number>;

/** Of the repository at this path; null where there is no folder for them. Throws `RemoteFailure`. */
export async function snapshotFiles(
  path: string,
  remote: Remote,
  signal?: AbortSignal,
): Promise<SnapshotFiles | null> {
  try {
    const entries = await remote.list(`${path}/snapshots`, signal);
    return new Map(
      entries.filter(({ kind }) => kind === "file").map(({ name, size }) => [name, size]),
    );
  } catch (error) {
    if (error instanceof RemoteFailure && error.kind === "gone") return null;
    throw error;
  }
}
