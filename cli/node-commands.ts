import { version } from "../service/version.ts";
import type { Command } from "./call.ts";
import { runDoctor } from "./doctor.ts";
import { join } from "./join.ts";
import { listLeases } from "./leases.ts";
import { listNodes } from "./nodes.ts";
import { showStatus } from "./status.ts";

/** About this node and others. */
export const nodeCommands: readonly Command[] = [
  {
    name: "nodes",
    operands: "",
    count: [0, 0],
    summary: "the nodes of this storage",
    about: [
      "On a storage node (swarmnfs://) all that have joined, fenced and silent ones first; elsewhere those that have a volume mounted.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs nodes", does: "see who is there" },
      { line: "swarmnfs nodes --json", does: "the same with what they have mounted" },
    ],
    run: listNodes,
  },
  {
    name: "leases",
    operands: "",
    count: [0, 0],
    summary: "who may mount what now (swarmnfs://)",
    about: [
      "Of volumes that this node may have. Static: the policy of the storage node gives it to a host without a plugin.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs leases", does: "see which node has which volume" },
      { line: "swarmnfs leases --json", does: "the same for a program" },
    ],
    run: listLeases,
  },
  {
    name: "join",
    operands: "FILE",
    count: [1, 1],
    summary: "join a storage node, with a one-time token",
    about: [
      "For swarmnfs:// storages. The file (/dev/stdin for a pipe) holds the token that the storage node made for this node; it is worthless afterwards.",
      "SWARMNFS_JOIN_TOKEN does the same when the plugin starts. A node that has joined before joins anew.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs join token.txt", does: "join with the token in a file" },
      { line: "swarmnfs join token.txt --json", does: "the same for a program" },
    ],
    run: join,
  },
  {
    name: "doctor",
    operands: "",
    count: [0, 0],
    summary: "examine this node and say what to do",
    about: [
      "Exit code 1 when there is a problem; warnings alone are 0.",
      "--cluster asks every node of this storage to examine itself, and has each read a file that this node wrote through a volume made for it. On a manager of the swarm it knows who is missing. It takes up to a minute, and leaves nothing behind.",
    ],
    options: ["cluster", "fix"],
    examples: [
      {
        line: "swarmnfs doctor --fix",
        does: "mend what can be mended on this node, then look again",
      },
      {
        line: "swarmnfs doctor --cluster",
        does: "examine all nodes, after every step of setting up",
      },
    ],
    run: runDoctor,
  },
  {
    name: "status",
    operands: "",
    count: [0, 0],
    summary: "the plugin of this node and its storage",
    about: ["Exit code 1 while the storage cannot be used or written to."],
    options: [],
    examples: [
      { line: "swarmnfs status", does: "see whether all is well, at a glance" },
      { line: "swarmnfs status --json || echo storage trouble", does: "in a script" },
    ],
    run: showStatus,
  },
  {
    name: "version",
    operands: "",
    count: [0, 0],
    summary: "the release of this command",
    about: ["The release of the plugin is in swarmnfs status."],
    options: [],
    examples: [
      { line: "swarmnfs version", does: "for a bug report" },
      { line: "swarmnfs version --json", does: "for a program" },
    ],
    run: ({ options, screen }) => {
      if (options.json) screen.json({ version });
      else screen.line(`swarmnfs ${version}`);
      return Promise.resolve(0);
    },
  },
];
