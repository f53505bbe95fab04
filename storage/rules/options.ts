import { didYouMean } from "../../service/nearest.ts";
import { UserError } from "../../service/user-error.ts";
import type { AccessMode, OnRemove } from "../records/volume.ts";
import * as values from "./option-values.ts";

/** `-o key=value` as understood; null means: not asked for. */
export interface VolumeOptions {
  /** Word for word as asked, for comparing and for the record. */
  readonly asked: Readonly<Record<string, string>>;
  readonly app: string | null;
  readonly services: readonly string[] | null;
  readonly hosts: readonly string[] | null;
  readonly access: AccessMode | null;
  /** Bytes. */
  readonly size: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
  readonly onRemove: OnRemove | null;
  readonly from: string | null;
  readonly backup: string | null;
  readonly squash: "app" | null;
  readonly mirror: boolean | null;
  readonly mountOptions: readonly string[] | null;
  readonly root: boolean;
}

/** Names of all options, sorted, as messages and documentation list them. */
export const optionNames = [
  "access",
  "app",
  "backup",
  "from",
  "gid",
  "hosts",
  "mirror",
  "mode",
  "mount-options",
  "on-remove",
  "root",
  "services",
  "size",
  "squash",
  "uid",
] as const;

export type OptionName = (typeof optionNames)[number];

/** What a volume without a directory of its own cannot have. */
const notWithRoot: readonly OptionName[] = [
  "app",
  "backup",
  "from",
  "gid",
  "mirror",
  "mode",
  "on-remove",
  "size",
  "squash",
  "uid",
];

/**
 * Understands the options of `docker volume create`. `defaults` stand in for options that were not asked for (and
 * give way silently where `root=true` could not have them); they do not appear in `asked`.
 * Throws `invalid` for unknown options, values that make no sense, and options that contradict each other.
 */
export function parseOptions(
  opts: Readonly<Record<string, string>> | null,
  defaults: Readonly<Record<string, string>> = {},
): VolumeOptions {
  const asked = checkKeys(opts ?? {});
  const merged = new Map([...checkKeys(defaults), ...asked]);
  const root = read(merged, "root", values.parseSwitch) ?? false;
  if (root) applyRoot(asked, merged);
  return {
    asked: Object.fromEntries(asked),
    app: read(merged, "app", values.parseApp),
    services: read(merged, "services", values.parseServices),
    hosts: read(merged, "hosts", values.parseHosts),
    access: read(merged, "access", values.parseAccess),
    size: read(merged, "size", values.parseSize),
    uid: read(merged, "uid", values.parseId),
    gid: read(merged, "gid", values.parseId),
    mode: read(merged, "mode", values.parseMode),
    onRemove: read(merged, "on-remove", values.parseOnRemove),
    from: read(merged, "from", values.parseFrom),
    backup: read(merged, "backup", values.parseBackup),
    squash: read(merged, "squash", values.parseSquash),
    mirror: read(merged, "mirror", values.parseSwitch),
    mountOptions: read(merged, "mount-options", values.parseMountOptions),
    root,
  };
}

// Keys are hostile ("__proto__"): from here on they live in a Map, and only known ones get through.
function checkKeys(opts: Readonly<Record<string, string>>): Map<OptionName, string> {
  const known = new Map<OptionName, string>();
  for (const [key, value] of Object.entries(opts)) {
    const name = optionNames.find((candidate) => candidate === key);
    if (name === undefined) throw unknownOption(key);
    if (typeof value !== "string" || value.length > 4096 || /\p{Cc}/u.test(value)) {
      throw new UserError(
        "invalid",
        `option "${name}" has a value that cannot be right: a line of text was expected`,
      );
    }
    known.set(name, value);
  }
  return known;
}

function unknownOption(key: string): UserError {
  const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
  const hint = didYouMean(key, optionNames) || ".";
  return new UserError(
    "invalid",
    `unknown option ${shown}${hint} Options: ${optionNames.join(", ")}.`,
  );
}

function read<Value>(
  options: ReadonlyMap<OptionName, string>,
  name: OptionName,
  parse: (text: string) => Value,
): Value | null {
  const text = options.get(name);
  if (text === undefined) return null;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError("invalid", `option "${name}": ${error.message}`, { cause: error });
  }
}

function applyRoot(asked: ReadonlyMap<OptionName, string>, merged: Map<OptionName, string>): void {
  for (const name of notWithRoot) {
    if (asked.has(name)) {
      throw new UserError(
        "invalid",
        `options "root" and "${name}" contradict each other: root=true is the whole storage, without a directory, app or quota of its own. Leave "${name}" out`,
      );
    }
    merged.delete(name);
  }
  if (asked.get("access") === "exclusive") {
    throw new UserError(
      "invalid",
      `options "root" and "access=exclusive" contradict each other: the whole storage is never one node's own. Use access=readonly or access=shared`,
    );
  }
  if (merged.get("access") === "exclusive" || !asked.has("access")) merged.delete("access"); // read-only unless asked
}
