import type { Command } from "./call.ts";
import { purge } from "./purge.ts";
import { listTrash } from "./trash.ts";
import { undelete } from "./undelete.ts";

/** About the trash. */
export const trashCommands: readonly Command[] = [
  {
    name: "trash list",
    isDefault: true,
    operands: "",
    count: [0, 0],
    summary: "removed volumes that can be brought back",
    about: [
      "A removed volume stays here for 30 days (24 hours with on-remove=delete), then it is purged. Times are ages on a terminal.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs trash", does: "see what can be brought back, and until when" },
      { line: "swarmnfs trash --json", does: "the same with the volumes' records" },
    ],
    run: listTrash,
  },
  {
    name: "trash undelete",
    operands: "ENTRY|VOLUME",
    count: [1, 1],
    summary: "bring a removed volume back",
    about: [
      "With a volume's name the newest entry of that name is taken, and it says which. Rules and data come back as they were.",
    ],
    options: ["as"],
    examples: [
      { line: "swarmnfs trash undelete blog_data", does: "undo: docker volume rm blog_data" },
      {
        line: "swarmnfs trash undelete blog_data --as blog_rescued",
        does: "when the name is taken again",
      },
    ],
    run: undelete,
  },
  {
    name: "trash purge",
    operands: "[ENTRY...]",
    count: [0, Infinity],
    summary: "destroy removed volumes for good",
    about: [
      "Shows what would be destroyed and asks. Where nobody can be asked, in a script or with --json, --yes is needed.",
      "Say which: names of entries, or --older-than, or --all.",
    ],
    options: ["older-than", "all", "yes"],
    examples: [
      {
        line: "swarmnfs trash purge --older-than 7d",
        does: "make room now rather than in three weeks",
      },
      { line: "swarmnfs trash purge --all --yes", does: "empty the trash from a script" },
    ],
    run: purge,
  },
];
