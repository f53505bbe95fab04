import type { Call, ExitCode } from "./call.ts";
import type { GivenRole } from "../storage/swarmnfs/protocol/node.ts";
import { readAge } from "./age-option.ts";
import { UsageError } from "./usage-error.ts";

const hour = 60 * 60 * 1000;

/** The token alone goes to the standard output, so that it can be written into a file. */
export async function makeToken(call: Call): Promise<ExitCode> {
  const { operands, options, screen, aside, moments, server } = call;
  const [node = ""] = operands;
  const validMs = options.valid === null ? hour : readAge(options.valid, "server token");
  const role = readRole(options.role);
  const given = { node, cidr: options.from, validMs, replace: options.replace };
  const body = role === null ? given : { ...given, role };
  const made = await server.ask("token", {}, body, "making a token");
  if (options.json) {
    screen.json(made);
    return 0;
  }
  screen.line(made.token);
  aside.paragraph(
    `Good for one use, by node "${node}" alone; it ends ${moments.until(made.expiresAt)}. On that node: docker plugin set swarmnfs SWARMNFS_JOIN_TOKEN=… (while the plugin is disabled), or write it into a file: swarmnfs join FILE`,
  );
  return 0;
}

function readRole(text: string | null): GivenRole | null {
  if (text === null || text === "node" || text === "backup") return text;
  throw new UsageError(
    `--role is "node" or "backup", and "${text}" was given. Administrators are named in SWARMNFS_ADMIN_NODES on the storage node.`,
    "server token",
  );
}
