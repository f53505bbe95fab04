import { adopt } from "./adopt.ts";
import type { Command } from "./call.ts";

/** How data that is there already gets in. */
export const bringCommands: readonly Command[] = [
  {
    name: "adopt",
    operands: "PATH",
    count: [1, 1],
    summary: "make a directory on the storage a volume, uncopied",
    about: [
      "PATH is where it lies, from the storage's root on, outside apps, shared and .swarmnfs. It is renamed, so it takes a moment whatever its size; owner, modes and all that is in it stay as they are.",
      "It says first what stands out: symlinks that lead out of it, files that have other names outside. What uses the directory has to be ended first.",
      "On swarmnfs:// that is an administrator's: run it in the storage node's container, or on a node in SWARMNFS_ADMIN_NODES.",
    ],
    options: ["app", "volume", "dry-run"],
    examples: [
      {
        line: "swarmnfs adopt old/blog --app blog --volume blog_data --dry-run",
        does: "see what would become of it",
      },
      { line: "swarmnfs adopt old/blog --app blog --volume blog_data", does: "and do it" },
    ],
    run: adopt,
  },
];
