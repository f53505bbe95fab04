import { UserError } from "../../service/user-error.ts";
import { StorageUnavailable } from "../unavailable.ts";

/** A file system call that failed, with the place as people know it: relative to the storage's root. */
export class FileTrouble extends Error {
  override readonly name = "FileTrouble";
  /** `ENOENT`, `EIO` … */
  readonly code: string;
  readonly place: string;

  constructor(code: string, place: string, cause: unknown) {
    super(`${place || "the root"}: ${code}`, { cause });
    this.code = code;
    this.place = place;
  }
}

/** Names the place of a failed system call; everything else that is thrown passes as it is. */
export function placed(error: unknown, place: string): unknown {
  const code = codeOf(error);
  return code === null || error instanceof FileTrouble || error instanceof UserError
    ? error
    : new FileTrouble(code, place, error);
}

/** Whether an error is a failed file system call with one of these codes. */
export function isTrouble(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof FileTrouble && codes.includes(error.code);
}

/** What a file system's error means to the person who asked: what is wrong, and what to do. */
export function explain(error: unknown, url: string): unknown {
  if (!(error instanceof FileTrouble)) return error;
  const cause = { cause: error };
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new UserError(
        "full",
        `${url} is full${error.code === "EDQUOT" ? " (its quota is used up)" : ""}. Make space there: empty the trash (swarmnfs trash purge), remove what is not needed, or enlarge it`,
        cause,
      );
    case "EROFS":
      return new UserError(
        "read-only",
        `${url} is read-only, and this needs to write. Mount it, or let its server export it, read-write again (a disk that had errors turns read-only: look at the kernel's log)`,
        cause,
      );
    case "EIO":
    case "EREMOTEIO":
    case "ESTALE":
    case "ENOTCONN":
    case "ECONNABORTED":
    case "EHOSTDOWN":
    case "ETIMEDOUT":
    case "ENODEV":
    case "ENXIO":
    case "ESHUTDOWN":
      return new StorageUnavailable(
        `${url} does not work: the file system answers ${error.code}. Mount it anew, or look at its server and disks; nothing is lost here`,
        cause,
      );
    case "ENOTDIR":
    case "ELOOP":
      return new UserError(
        "unavailable",
        `"${error.place}" on ${url} is not what it should be: a symlink or a file is in its place. Nothing was changed; look at it, and move it away`,
        cause,
      );
    case "EACCES":
    case "EPERM":
      return new UserError(
        "unavailable",
        `the file system of ${url} does not allow this (${error.code} at "${error.place}"). The plugin needs to write there as root: check the export's or mount's options`,
        cause,
      );
    default:
      return error;
  }
}

/** Errors of network file systems that Node.js has no names for, by their numbers on Linux (asm-generic/errno.h). */
const nameless: ReadonlyMap<unknown, string> = new Map([
  [-116, "ESTALE"],
  [-121, "EREMOTEIO"],
  [-122, "EDQUOT"],
]);

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return null;
  if (/^E[A-Z0-9]+$/.test(error.code)) return error.code;
  return "errno" in error ? (nameless.get(error.errno) ?? null) : null;
}
