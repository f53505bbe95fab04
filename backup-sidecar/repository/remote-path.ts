import type { DeletableKind } from "./permit.ts";

const kinds: ReadonlySet<string> = new Set(["data", "index", "snapshots", "keys", "locks"]);

/** Our own folder below `<base>/<storage>/`. */
export const ownFolder = ".swarmnfs";
export const temporaryFolder = `${ownFolder}/tmp`;
export const markerPath = `${ownFolder}/target.json`;

/** Throws when a path is not of the names that any server can hold: a mistake of ours, not of people. */
export function checkPath(path: string): void {
  if (path === "") return;
  for (const name of path.split("/")) {
    if (!/^[A-Za-z0-9._-]{1,200}$/.test(name) || name.startsWith(".."))
      throw new Error(`"${path}" is no path for the backup server`);
  }
}

export function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

/** What lies there, as far as deleting is concerned; null for what nothing ever deletes. */
export function deletableKind(path: string): DeletableKind | null {
  const [top = "", second = "", third = "", fourth] = path.split("/");
  if (top === "repositories")
    return fourth !== undefined && kinds.has(third) ? (third as DeletableKind) : null;
  if (top === ownFolder)
    return second === "tmp" || second === "probe"
      ? "temporary"
      : second === "quarantine"
        ? "data"
        : null;
  if (top === "backup_historys") return third === "" ? null : "history";
  return second === "" ? null : "mirror";
}
