import { RemoteFailure } from "../failure.ts";
import { temporaryFolder } from "../remote-path.ts";
import type { Permit } from "../permit.ts";
import type { WebdavRemote } from "./webdav-remote.ts";

/** Uploads take minutes; what is a day old belongs to nobody any more. */
const oldMs = 24 * 3_600_000;
const most = 1000;

/** Takes away what killed services have left half-sent, by the server's own clock. Returns how many files went. */
export async function sweep(
  remote: WebdavRemote,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  const entries = await remote.list(temporaryFolder, signal).catch((error: unknown) => {
    if (error instanceof RemoteFailure && error.kind === "gone") return [];
    throw error;
  });
  const serverNow = now + (remote.clockOffsetMs() ?? 0);
  const old = entries.filter(
    ({ kind, modifiedAt }) =>
      kind === "file" && modifiedAt !== null && serverNow - modifiedAt > oldMs,
  );
  const permit: Permit = {
    run: "sweep",
    kinds: ["temporary"],
    names: null,
    maxCount: most,
    maxBytes: Infinity,
  };
  for (const { name } of old) await remote.remove(`${temporaryFolder}/${name}`, permit, signal);
  return old.length;
}
