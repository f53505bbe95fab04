import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatDuration } from "../service/age.ts";
import { UserError } from "../service/user-error.ts";

const log = "docker compose -f nfs-server.compose.yml logs nfs-server";

/** Milliseconds since 1970, NaN where that cannot be read; null: this is no storage server's container. */
export type ContainerStart = number | null;

/** When the storage server's container was started whose socket is, or will be, at this path: its first process notes it. */
export async function containerStart(socket: string): Promise<ContainerStart> {
  try {
    return Date.parse((await readFile(join(dirname(socket), "started"), "utf8")).trim());
  } catch {
    return null;
  }
}

/** What people are told who ask a server that has no socket yet, or whose socket nobody listens on (`wasThere`). */
export function notYet(start: number, now: number, wasThere: boolean): UserError {
  if (wasThere)
    return new UserError(
      "unavailable",
      `the storage server of this container has ended and is being started again; NFS goes on meanwhile if it was served. Its log says why: ${log}`,
    );
  const since = Number.isNaN(start) ? "" : `, for ${formatDuration(now - start)} now,`;
  return new UserError(
    "unavailable",
    `the storage server of this container is starting${since} and cannot be asked yet. Its log says what it waits for: ${log}`,
  );
}
