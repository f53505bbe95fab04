import { version } from "../service/version.ts";
import { listApps, setApp, showApp } from "./apps.ts";
import { backupCommands } from "./backup-commands.ts";
import type { Command } from "./call.ts";
import { runDoctor } from "./doctor.ts";
import { join } from "./join.ts";
import { purge } from "./purge.ts";
import { printConfig } from "./server-config.ts";
import { listLeases } from "./server-leases.ts";
import { listNodes, revokeNode, unfenceNode } from "./server-nodes.ts";
import { makeToken } from "./server-token.ts";
import { showStatus } from "./status.ts";
import { listTrash } from "./trash.ts";
import { undelete } from "./undelete.ts";
import { setVolume, showVolume } from "./volume.ts";
import { listVolumes } from "./volumes.ts";

/** Every command but `help`, in the order in which help shows them. Each is described in docs/cli.md. */
export const commands: readonly Command[] = [
  {
    name: "volumes list",
    isDefault: true,
    operands: "",
    count: [0, 0],
    summary: "all volumes: how full, where mounted, how healthy",
    about: [
      "Volumes that need somebody come first, the others by name. USED is what was last counted.",
      "With --drift: volumes that Docker was asked for with other options on this node than the record has.",
    ],
    options: ["drift"],
    examples: [
      { line: "swarmnfs volumes", does: "see all volumes" },
      { line: "swarmnfs volumes --drift", does: "see why a changed compose file changed nothing" },
    ],
    run: listVolumes,
  },
  {
    name: "volumes show",
    operands: "NAME",
    count: [1, 1],
    summary: "everything about one volume",
    about: [],
    options: [],
    examples: [
      { line: "swarmnfs volumes show blog_data", does: "see who has it mounted, and where" },
      { line: "swarmnfs volumes show blog_data --json", does: "the same and more, for a program" },
    ],
    run: showVolume,
  },
  {
    name: "volumes set",
    operands: "NAME KEY=VALUE...",
    count: [2, Infinity],
    summary: "change a volume's size and rules",
    about: [
      "Keys: services, hosts, access (shared, exclusive, readonly), size (10G or none), on-remove (archive, delete, retain), backup, mount-options.",
      "services and hosts can only narrow what the app allows; left empty (services=) the app's rule holds again. To allow more: swarmnfs apps set.",
      "On a storage node (swarmnfs://) nodes that are not among hosts any more lose the volume at once: it says which, and asks. Where nobody can be asked, --yes is needed.",
    ],
    options: ["yes"],
    examples: [
      { line: "swarmnfs volumes set blog_data size=20G", does: "give it more room" },
      {
        line: "swarmnfs volumes set db access=exclusive hosts=node1,node2",
        does: "one node at a time, of two",
      },
    ],
    run: setVolume,
  },
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
    about: ["Exit code 1 when there is a problem; warnings alone are 0."],
    options: ["fix"],
    examples: [
      { line: "swarmnfs doctor", does: "find out why a volume does not mount" },
      { line: "swarmnfs doctor --fix", does: "mend what can be mended, then look again" },
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
  ...backupCommands,
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
