import type { Command } from "./call.ts";
import { clean } from "./clean/clean.ts";
import { report } from "./report/report.ts";

/** About the storage as a whole, over time. */
export const careCommands: readonly Command[] = [
  {
    name: "report",
    operands: "",
    count: [0, 0],
    summary: "how the storage grows, what is unused, how it is backed up",
    about: [
      "Once a day it is written down on the storage what volumes hold; from five days on it is said where that leads. Nothing is changed.",
      "--json has every volume and every day of it, --html makes one page with charts for a browser, which asks nobody for anything.",
    ],
    options: ["since", "html"],
    examples: [
      { line: "swarmnfs report", does: "see what needs somebody, and what fills the storage" },
      { line: "swarmnfs report --since 52w", does: "the same, looking back for a year" },
    ],
    run: report,
  },
  {
    name: "clean",
    operands: "[SORT...]",
    count: [0, Infinity],
    summary: "show what can go and how much that is, and remove it",
    about: [
      "SORT is trash (entries past their time, or older than --older-than says), unused (volumes that nobody has used for 30 days, or for --older-than), staging (what copies and restores that were given up left on the storage a day ago, or --older-than ago) or docker (what Docker on this node has not needed for 7 days, or for --older-than: ended containers, images and local volumes without a name, build cache). Without one it only shows the first two.",
      "Nothing is removed without --yes or somebody who says yes. Each thing is looked at again before it goes: what came into use meanwhile stays. Unused volumes go to the trash.",
      "What has the label swarmnfs.keep is never removed.",
    ],
    options: ["older-than", "filter", "yes"],
    words: {
      "older-than": { does: "another age than each sort's own: 12h, 7d, 2w" },
      yes: { does: "remove it, and do not ask" },
    },
    examples: [
      { line: "swarmnfs clean", does: "see what could go" },
      {
        line: "swarmnfs clean unused --older-than 90d --filter app=wiki --yes",
        does: "from a script, what nobody used for a quarter",
      },
    ],
    run: clean,
  },
];
