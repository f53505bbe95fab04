import type { Command } from "./call.ts";
import { printConfig } from "./server-config.ts";
import { listLeases } from "./server-leases.ts";
import { listNodes, revokeNode, unfenceNode } from "./server-nodes.ts";
import { makeToken } from "./server-token.ts";

/** On the storage node. */
export const serverCommands: readonly Command[] = [
  {
    name: "server nodes",
    operands: "",
    count: [0, 0],
    summary: "on the storage node: nodes that have joined",
    about: [
      "Fenced and silent nodes come first. This and its like work in the server's container.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs server nodes", does: "see who may mount, and from where" },
      { line: "swarmnfs server nodes --json", does: "the same for a program" },
    ],
    run: listNodes,
  },
  {
    name: "server token",
    operands: "NODE",
    count: [1, 1],
    summary: "on the storage node: let a node join",
    about: [
      "Prints a token for one use by a node of this name. It is shown once; of it nothing but a hash is kept.",
      "--role backup is for the node on which backups are made: it reads every volume, wherever that may be mounted.",
    ],
    options: ["from", "valid", "replace", "role"],
    examples: [
      { line: "swarmnfs server token node1", does: "let node1 join within an hour" },
      {
        line: "swarmnfs server token node1 --from 10.0.0.0/24 --replace",
        does: "a machine that takes node1's place",
      },
    ],
    run: makeToken,
  },
  {
    name: "server revoke",
    operands: "NODE",
    count: [1, 1],
    summary: "on the storage node: cut a node off for good",
    about: [
      "Its certificate is void at once, and what it has mounted is cut off. Asks first; where nobody can be asked, --yes is needed.",
    ],
    options: ["yes"],
    examples: [
      { line: "swarmnfs server revoke node3", does: "a machine was stolen, or has left" },
      { line: "swarmnfs server revoke node3 --yes", does: "the same from a script" },
    ],
    run: revokeNode,
  },
  {
    name: "server unfence",
    operands: "NODE",
    count: [1, 1],
    summary: "on the storage node: take a fenced node back",
    about: [
      "A fenced node comes back by itself once its plugin has unmounted everything. This is for one whose plugin cannot: make sure that nothing of the storage is mounted there, best by a reboot.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs server unfence node2", does: "after node2 was looked after by hand" },
      { line: "swarmnfs server unfence node2 --json", does: "the same for a program" },
    ],
    run: unfenceNode,
  },
  {
    name: "server leases",
    operands: "",
    count: [0, 0],
    summary: "on the storage node: who may mount what now",
    about: [
      "A silent lease was not renewed in time, and is kept until somebody else needs it. Static: the policy gives it to a host without a plugin.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs server leases", does: "see which node has which volume" },
      { line: "swarmnfs server leases --json", does: "the same for a program" },
    ],
    run: listLeases,
  },
  {
    name: "server print-config",
    operands: "",
    count: [0, 0],
    summary: "on the storage node: the settings as understood",
    about: ["What allows more than is probably meant is noted below."],
    options: [],
    examples: [
      { line: "swarmnfs server print-config", does: "see what the environment came to" },
      { line: "swarmnfs server print-config --json", does: "the same for a program" },
    ],
    run: printConfig,
  },
];
