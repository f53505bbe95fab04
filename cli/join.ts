import { readFile } from "node:fs/promises";
import { messageOf } from "../service/message-of.ts";
import { UserError } from "../service/user-error.ts";
import type { Call, ExitCode } from "./call.ts";

/** So much of a file is no token. */
const longest = 1000;

export async function join(call: Call): Promise<ExitCode> {
  const [file = ""] = call.operands;
  const token = await read(file);
  const status = await call.plugin.ask("Join", { token }, "joining the storage node");
  if (call.options.json) {
    call.screen.json(status);
    return 0;
  }
  call.screen.paragraph(
    `"${status.node}" has joined ${status.storage}. The token is worthless now; ${file} may be deleted`,
  );
  if (status.trouble === null) return 0;
  call.screen.paragraph(`The storage cannot be used yet: ${status.trouble.reason}`);
  return 1;
}

async function read(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UserError(
      "not-found",
      `the token cannot be read from ${file} (${messageOf(error)})`,
      {
        cause: error,
      },
    );
  });
  const token = text.trim();
  if (token !== "" && token.length <= longest && !/\s/.test(token)) return token;
  throw new UserError(
    "invalid",
    `${file} holds no join token: one long word that begins with swarmnfs-join- was expected. The storage node makes it, for this node alone`,
  );
}
