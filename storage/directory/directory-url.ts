import { normalize } from "node:path";
import { UserError } from "../../service/user-error.ts";

/** What a `dir://` URL says. */
export interface DirectoryUrl {
  /** Absolute and plain, as the administrator sees it. */
  readonly path: string;
  /** What must be mounted there, or above it: a type of file systems, or `required`, which is any; null: nothing. */
  readonly mount: string | null;
}

/** A type as the kernel's table of mounts has it: ext4, nfs4, fuse.glusterfs. */
const mountOption = /^mount=([a-z0-9_.-]+)$/;

/** Understands `rest`, which is what follows `dir://` in `url`. Throws `UserError` (invalid). */
export function parseDirectoryUrl(url: string, rest: string): DirectoryUrl {
  if (!rest.startsWith("/")) {
    throw new UserError(
      "invalid",
      `storage "${url}" has no absolute path: three slashes were expected, as in dir:///${rest.replace(/^\.*\/*/, "") || "srv/swarm"}`,
    );
  }
  const [, written = "", query] = /^([^?]*)(?:[?](.*))?$/s.exec(rest) ?? [];
  const mount = query === undefined ? null : (mountOption.exec(query)?.[1] ?? "");
  if (/[#\p{Cc}]/u.test(written) || mount === "")
    throw new UserError(
      "invalid",
      `storage "${url}": dir:// takes a path, then ?mount=required if something must be mounted there (or of which type, as ?mount=fuse.glusterfs), and nothing else`,
    );
  const path = normalize(written).replace(/(?<=.)\/$/, "");
  if (path === "/")
    throw new UserError(
      "invalid",
      `storage "${url}" is the root of the file system. Give swarmnfs a directory of its own, as in dir:///srv/swarm`,
    );
  return { path, mount };
}
