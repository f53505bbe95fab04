import { UserError } from "../../service/user-error.ts";
import { didYouMean } from "../../service/nearest.ts";

/** Words that may stand in `mount-options`; with a pattern where a value follows `=`. */
const allowed: ReadonlyMap<string, RegExp | null> = new Map<string, RegExp | null>([
  ...[
    "relatime",
    "noatime",
    "nodiratime",
    "lazytime",
    "noexec",
    "sync",
    "dirsync",
    "hard",
    "soft",
  ].map((word): [string, null] => [word, null]),
  ...[
    "timeo",
    "retrans",
    "rsize",
    "wsize",
    "nconnect",
    "actimeo",
    "acregmin",
    "acregmax",
    "acdirmin",
    "acdirmax",
  ].map((word): [string, RegExp] => [word, /^[0-9]{1,9}$/]),
  ["lookupcache", /^(all|none|pos|positive)$/],
]);

/** Throws `invalid` for a mount option that is not on the list of harmless ones. */
export function checkMountOption(option: string): void {
  const [word = "", ...rest] = option.split("=");
  const pattern = allowed.get(word);
  if (pattern === undefined) {
    const hint = didYouMean(word, allowed.keys()) || ".";
    throw new UserError(
      "invalid",
      `mount option "${word}" is not allowed${hint} Allowed: ${[...allowed.keys()].toSorted().join(", ")}`,
    );
  }
  const value = rest.join("=");
  if (pattern === null && rest.length > 0)
    throw new UserError(
      "invalid",
      `mount option "${word}" takes no value, and "${option}" has one`,
    );
  if (pattern !== null && !pattern.test(value)) {
    const expected = word === "lookupcache" ? "all, none or positive" : "a number";
    throw new UserError(
      "invalid",
      `mount option "${option}": "${word}" takes ${expected}, as in ${word}=${word === "lookupcache" ? "none" : "600"}`,
    );
  }
}
