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

/** What takes something else than a number. */
const values: ReadonlyMap<string, { readonly expected: string; readonly example: string }> =
  new Map([
    ["lookupcache", { expected: "all, none or positive", example: "none" }],
    [
      "vers",
      { expected: "4, 4.0, 4.1 or 4.2 (older NFS needs more than one port)", example: "4.1" },
    ],
  ]);

/** What a storage as a whole may say besides: all its volumes share one client on the node, with one version. */
const allowedForStorage = new Map([...allowed, ["vers", /^4(\.[012])?$/] as const]);

/** Words that people may well expect to work, and why they do not. */
const refused: ReadonlyMap<string, string> = new Map([
  ...["sec", "xprtsec"].map((word): [string, string] => [
    word,
    "Kerberos and TLS need programs and keys on every node, which the plugin does not have. Leave it out",
  ]),
  ["nfsvers", "write vers=, as in vers=4.1"],
  ["port", "the port stands behind the host's name, as in nfs://nas.lan:2049/volume1"],
  ["retry", "a mount is tried once and within seconds; when to try again is the plugin's business"],
  ["sharecache", "each volume has a cache of its own, so that its figures are its own"],
  ["ro", "a volume is made read-only by -o access=readonly"],
  ["suid", "volumes never carry set-user-id programs"],
  ["dev", "volumes never carry devices"],
]);

/** Throws `invalid` for a mount option that is not on the list of harmless ones. */
export function checkMountOption(option: string): void {
  check(option, allowed);
}

/** The same for an option of a storage's URL, which may also say the NFS version. */
export function checkStorageOption(option: string): void {
  check(option, allowedForStorage);
}

function check(option: string, words: ReadonlyMap<string, RegExp | null>): void {
  const [word = "", ...rest] = option.split("=");
  const pattern = words.get(word);
  if (pattern === undefined) {
    const why = refused.get(word);
    const hint = why === undefined ? didYouMean(word, words.keys()) || "." : `: ${why}.`;
    throw new UserError(
      "invalid",
      `mount option "${word}" is not allowed${hint} Allowed: ${[...words.keys()].toSorted().join(", ")}`,
    );
  }
  const value = rest.join("=");
  if (pattern === null && rest.length > 0)
    throw new UserError(
      "invalid",
      `mount option "${word}" takes no value, and "${option}" has one`,
    );
  if (pattern !== null && !pattern.test(value)) {
    const { expected, example } = values.get(word) ?? { expected: "a number", example: "600" };
    throw new UserError(
      "invalid",
      `mount option "${option}": "${word}" takes ${expected}, as in ${word}=${example}`,
    );
  }
}
