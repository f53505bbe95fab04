import { UserError } from "../../service/user-error.ts";
import { namePattern } from "../records/fields.ts";

/** The app whose volumes are everyone's. */
export const sharedApp = "shared";

/** The app that `root=true` volumes are filed under; nobody can ask for it by name. */
export const rootApp = "root";

/** Names that mean something else on the storage or on the backup server, in any spelling of upper and lower case. */
const reservedApps: ReadonlySet<string> = new Set([
  rootApp,
  "repositories",
  "backup_historys",
  "nfs_configs",
  "readme.txt",
]);

/** Throws `invalid` unless this may be the name of a volume. Docker itself checks nothing. */
export function checkVolumeName(name: string): void {
  checkName("volume", name);
}

/** Throws `invalid` unless this may be the name of an app, reserved names included. */
export function checkAppName(name: string): void {
  checkName("app", name);
  const folded = name.toLowerCase();
  if (reservedApps.has(folded))
    throw new UserError("invalid", `app name "${name}" is reserved. Choose another one`);
  if (folded === sharedApp && name !== sharedApp) {
    throw new UserError(
      "invalid",
      `app name "${name}" is too much like "shared", which is everyone's. Choose another one`,
    );
  }
}

function checkName(what: "volume" | "app", name: string): void {
  if (namePattern.test(name)) return; // this also keeps out ".", "..", and everything that begins with ".swarmnfs"
  const reason = complaint(name);
  throw new UserError(
    "invalid",
    `${what} name ${quote(name)} ${reason}: a name is 1 to 128 letters, digits, "_", "." or "-", and begins with a letter or digit`,
  );
}

function complaint(name: string): string {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "is a directory of its own meaning";
  if (name.startsWith(".swarmnfs")) return "is kept for swarmnfs itself";
  if (name.length > 128) return "is too long";
  if (!/^[a-zA-Z0-9]/.test(name)) return "begins with a character that is not allowed there";
  return "has characters that are not allowed";
}

/** Quoted as typed, but harmless on a terminal and in a log, and not endless. */
function quote(name: string): string {
  return JSON.stringify(name.length > 140 ? `${name.slice(0, 140)}…` : name);
}
