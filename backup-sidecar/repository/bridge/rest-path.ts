import type { DeletableKind } from "../permit.ts";

/** The types of restic's files, each with a folder of its own; `config` is a single file. */
export type RestType = Extract<DeletableKind, "data" | "index" | "snapshots" | "keys" | "locks">;

/** What a request of restic is about. https://restic.readthedocs.io/en/stable/REST_backend.html */
export type RestPath =
  | { readonly kind: "repository" }
  | { readonly kind: "config" }
  | { readonly kind: "list"; readonly type: RestType }
  | { readonly kind: "file"; readonly type: RestType; readonly name: string };

export const restTypes: readonly RestType[] = ["data", "index", "keys", "locks", "snapshots"];

/** Null for what restic never asks. Names of restic's files are SHA-256 in hex. */
export function parseRestPath(path: string): RestPath | null {
  if (path === "") return { kind: "repository" };
  if (path === "config") return { kind: "config" };
  const [folder, name, ...more] = path.split("/");
  const type = restTypes.find((known) => known === folder);
  if (type === undefined || more.length > 0) return null;
  if (name === undefined || name === "") return { kind: "list", type };
  return /^[0-9a-f]{64}$/.test(name) ? { kind: "file", type, name } : null;
}

/** Where a file lies below the repository: data is spread over 256 folders, as restic does it everywhere. */
export function placeOf(type: RestType, name: string): string {
  return type === "data" ? `data/${name.slice(0, 2)}/${name}` : `${type}/${name}`;
}
