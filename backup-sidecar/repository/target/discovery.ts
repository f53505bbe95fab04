import type { Endpoint, Tally } from "../http/endpoint.ts";
import { RemoteFailure } from "../failure.ts";

interface Circumstances {
  readonly signal?: AbortSignal;
  readonly tally?: Tally;
}

/** A server's `status.php` is never larger. */
const statusLimit = 64 * 1024;

/**
 * Finds where files are below the address that people gave: there itself, or, when that is a Nextcloud or ownCloud, in its
 * folder for `user`. Throws `wrong-target` when neither is a WebDAV folder, and whatever else keeps it from looking.
 */
export async function discover(
  endpoint: Endpoint,
  user: string | null,
  around: Circumstances,
): Promise<void> {
  const given = endpoint.base;
  const status = await isFolder(endpoint, around);
  if (status === 207) return;
  if (![200, 302, 404, 405, 410, 501].includes(status))
    throw endpoint.failure("listing the base folder", { status, headers: {} });
  if (user !== null && (await isCloud(endpoint, around))) {
    for (const place of [
      `remote.php/dav/files/${encodeURIComponent(user)}/`,
      "remote.php/webdav/",
    ]) {
      endpoint.moveTo(new URL(place, given));
      const found = await isFolder(endpoint, around);
      if (found === 207) return;
      if (found === 401)
        throw endpoint.failure("listing the base folder", { status: 401, headers: {} });
    }
    endpoint.moveTo(given);
  }
  throw new RemoteFailure(
    "wrong-target",
    status === 404 || status === 410
      ? `There is no folder at ${given.href}: is the path in WEBDAV_URL right, and is the disk behind it mounted? Nothing was made there`
      : `${given.href} answers, but not as WebDAV: is the path in WEBDAV_URL right, and WebDAV turned on?`,
  );
}

async function isFolder(endpoint: Endpoint, around: Circumstances): Promise<number> {
  const answer = await endpoint.send({
    ...around,
    method: "PROPFIND",
    path: "",
    folder: true,
    headers: { depth: "0" },
    what: "listing the base folder",
  });
  answer.discard();
  return answer.status;
}

/** Whether Nextcloud or ownCloud answers there. */
async function isCloud(endpoint: Endpoint, around: Circumstances): Promise<boolean> {
  const answer = await endpoint.send({
    ...around,
    method: "GET",
    path: "status.php",
    what: "asking what it is",
  });
  if (answer.status !== 200) {
    answer.discard();
    return false;
  }
  try {
    return "installed" in JSON.parse((await answer.bytes(statusLimit)).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}
