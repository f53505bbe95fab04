import { readFile } from "node:fs/promises";
import { messageOf } from "../service/message-of.ts";
import { UserError } from "../service/user-error.ts";
import type { TokenSource } from "../storage/swarmnfs/membership.ts";
import type { Settings } from "./settings.ts";

/** Where this node's join token comes from. A file is read when it is needed: it may come later than the plugin. */
export function joinTokenSource(
  setting: Settings["joinToken"],
  seen: (path: string) => string,
): TokenSource {
  return async () => {
    if (setting === null) return null;
    if ("text" in setting) return setting.text;
    try {
      return (await readFile(seen(setting.file), "utf8")).trim();
    } catch (error) {
      throw new UserError(
        "invalid",
        `the join token cannot be read from SWARMNFS_JOIN_TOKEN_FILE=${setting.file} (${messageOf(error)}). The plugin sees files below /run and /var/lib of this machine`,
        { cause: error },
      );
    }
  };
}
