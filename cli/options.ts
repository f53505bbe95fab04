import type { Command } from "./call.ts";

/** `value` is how the help calls it. */
export type OptionRule = { readonly does: string } & (
  | { readonly type: "boolean"; readonly short?: string }
  | { readonly type: "string"; readonly value: string; readonly multiple?: boolean }
);

/** Every option of every command; each command says which are its own. */
export const optionTable: Record<string, OptionRule> = {
  json: { type: "boolean", does: "print everything that is known, as JSON" },
  socket: {
    type: "string",
    value: "PATH",
    does: "the plugin's socket, when it cannot be found or is one of several (or SWARMNFS_SOCKET)",
  },
  help: { type: "boolean", short: "h", does: "say what a command does, with examples" },
  version: { type: "boolean", does: "the same as the command version" },
  drift: {
    type: "boolean",
    does: "only volumes that differ from what Docker was asked for on this node",
  },
  fix: { type: "boolean", does: "mend what can be mended without asking" },
  cluster: { type: "boolean", does: "examine all nodes of this storage, from this one" },
  as: { type: "string", value: "NAME", does: "bring it back under another name" },
  "older-than": {
    type: "string",
    value: "AGE",
    does: "only what is older than this: 12h, 7d, 2w",
  },
  all: { type: "boolean", does: "every entry of the trash" },
  from: {
    type: "string",
    value: "CIDR",
    does: "from where the token may be used: 10.0.0.5, 10.0.0.0/24",
  },
  valid: { type: "string", value: "AGE", does: "how long: 10m, 1h (usual), 1d at most" },
  replace: { type: "boolean", does: "the node takes the place of one of that name that is gone" },
  role: {
    type: "string",
    value: "ROLE",
    does: "what the node may: node (usual), or backup, which reads every volume and changes no rules",
  },
  yes: { type: "boolean", does: "do not ask" },
  at: {
    type: "string",
    value: "TIME",
    does: 'the newest version not after it: "2026-02-20 12:00" (UTC), 2026-02-20T12:00Z',
  },
  path: {
    type: "string",
    value: "PATH",
    multiple: true,
    does: "only this file or directory of the volume; may be given several times",
  },
  to: {
    type: "string",
    value: "NAME",
    does: "a new volume of that name, rather than VOLUME_restored",
  },
  "in-place": {
    type: "boolean",
    does: "exchange the volume itself, which nobody may have mounted; what was there goes to the trash",
  },
  force: {
    type: "boolean",
    does: "also while it is mounted: who has it loses it, and must be restarted",
  },
  live: {
    type: "boolean",
    does: "although something uses the source: what changes meanwhile is told, and copied by a second run",
  },
  read: { type: "string", value: "PERCENT", does: "read back this share of all data: 100 is all" },
  app: { type: "string", value: "APP", does: "the app that the volume belongs to" },
  volume: { type: "string", value: "VOLUME", does: "the volume's name" },
  filter: {
    type: "string",
    value: "FILTER",
    multiple: true,
    does: "only what has label=KEY, label=KEY=VALUE or app=NAME; may be given several times",
  },
  since: { type: "string", value: "AGE", does: "how far back to look: 30d, 90d (usual), 52w" },
  html: {
    type: "string",
    value: "FILE",
    does: "write one page with charts, which needs nothing else",
  },
  quick: { type: "boolean", does: "fewer and shorter rounds, and no mount options are tried" },
  profile: {
    type: "string",
    value: "PROFILE",
    does: "only this kind of work: database, web, streaming or files",
  },
  "dry-run": { type: "boolean", does: "only say what would be done" },
};

/** The value as a command calls it (null: it takes none), and what the option does there. */
export function optionOf(
  { name, words }: Pick<Command, "name" | "words">,
  option: string,
): { readonly value: string | null; readonly does: string } {
  const rule = optionTable[option];
  const own = Object.entries(words ?? {}).find(([key]) => key === option)?.[1];
  const usual = rule?.type === "string" ? rule.value : null;
  const does = option === "socket" ? (socketOf[name.split(" ")[0] ?? ""] ?? "") : "";
  return {
    value: usual === null ? null : (own?.value ?? usual),
    does: own?.does ?? (does || (rule?.does ?? "")),
  };
}

/** Whose socket it is, where it is not the plugin's. */
const socketOf: Readonly<Record<string, string>> = {
  server: "the storage server's socket, where it is not the usual one",
  backup: "the backup service's socket, where it is not the usual one",
};
