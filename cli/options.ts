/** `value` is how the help calls it. */
export type OptionRule = { readonly does: string } & (
  | { readonly type: "boolean"; readonly short?: string }
  | { readonly type: "string"; readonly value: string }
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
  as: { type: "string", value: "NAME", does: "bring it back under another name" },
  "older-than": {
    type: "string",
    value: "AGE",
    does: "entries removed longer ago than this: 12h, 7d, 2w",
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
};
