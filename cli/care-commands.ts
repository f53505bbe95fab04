import type { Command } from "./call.ts";
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
];
