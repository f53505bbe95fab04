import { createHash } from "node:crypto";

/** No server has trouble with names that long. */
const longest = 180;

/**
 * A path of a volume as it is written on the server, where names are of `[A-Za-z0-9._-]` alone: every other byte is `_` and two
 * hexadecimal digits (`My photo.jpg` is `My_20photo.jpg`), and so is a `_` that could be taken for one. Names that get too
 * long are cut and end in a part of their hash. Null for a path that is no text: restic's list does not tell which it is.
 */
export function mirrorPath(path: string): string | null {
  if (path.includes("\uFFFD")) return null;
  return path
    .split("/")
    .filter((name) => name !== "")
    .map(mirrorName)
    .join("/");
}

function mirrorName(name: string): string {
  const escaped = name
    .replaceAll(/_(?=[0-9A-F]{2})|^\.(?=\.)/g, escape)
    .replaceAll(/[^A-Za-z0-9._-]/gu, escape);
  if (escaped.length <= longest) return escaped;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `${escaped.slice(0, longest - 17)}-${hash}`;
}

function escape(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => `_${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
