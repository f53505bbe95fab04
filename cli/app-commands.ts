import { listApps, setApp, showApp } from "./apps.ts";
import type { Command } from "./call.ts";

/** About apps. */
export const appCommands: readonly Command[] = [
  {
    name: "apps list",
    isDefault: true,
    operands: "",
    count: [0, 0],
    summary: "all apps: who may mount, and what they use",
    about: [
      "An app owns the rules for its volumes. Apps that use more than their size come first.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs apps", does: "see all apps" },
      { line: "swarmnfs apps --json", does: "the same for a program" },
    ],
    run: listApps,
  },
  {
    name: "apps show",
    operands: "APP",
    count: [1, 1],
    summary: "everything about one app",
    about: [],
    options: [],
    examples: [
      { line: "swarmnfs apps show blog", does: "see who may mount its volumes" },
      { line: "swarmnfs apps show blog --json", does: "the same for a program" },
    ],
    run: showApp,
  },
  {
    name: "apps set",
    operands: "APP KEY=VALUE...",
    count: [2, Infinity],
    summary: "change who may mount an app's volumes, and its size",
    about: [
      "Keys: services (names of stacks, services, compose projects or containers; * is everyone, first is whoever mounts next), hosts (names of nodes or globs), size (what its volumes' sizes may add up to: 100G or none).",
      "A list replaces the list before it: name those who stay, too.",
      "On a storage node (swarmnfs://) nodes that are not among hosts any more lose what they have mounted at once: it says which, and asks. Where nobody can be asked, --yes is needed.",
    ],
    options: ["yes"],
    examples: [
      {
        line: "swarmnfs apps set blog services=blog,tools",
        does: 'let the stack "tools" in as well',
      },
      {
        line: "swarmnfs apps set shop hosts=node1,node2 size=100G",
        does: "two nodes, 100G in all",
      },
    ],
    run: setApp,
  },
];
