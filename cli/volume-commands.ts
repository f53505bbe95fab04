import type { Command } from "./call.ts";
import { benchVolume } from "./bench.ts";
import { cloneVolume } from "./clone.ts";
import { removeVolume } from "./remove.ts";
import { showUsage } from "./usage.ts";
import { setVolume, showVolume } from "./volume.ts";
import { listVolumes } from "./volumes.ts";

/** About volumes. */
export const volumeCommands: readonly Command[] = [
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
    name: "volumes clone",
    operands: "NAME NEW",
    count: [2, 2],
    summary: "a new volume that begins as a copy of another",
    about: [
      "The same as docker volume create -o from=NAME: in the app of NAME, with its rules, by reflink where the file system can. What takes longer goes on by itself.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs volumes clone blog_data blog_test", does: "try an upgrade on a copy" },
      { line: "swarmnfs volumes clone blog_data blog_test --json", does: "the same for a program" },
    ],
    run: cloneVolume,
  },
  {
    name: "volumes rm",
    operands: "NAME",
    count: [1, 1],
    summary: "remove a volume that nobody has mounted",
    about: [
      "The same as docker volume rm. What becomes of the data is the volume's option on-remove; usually it stays in the trash for 30 days.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs volumes rm blog_test", does: "and how it is brought back" },
      { line: "swarmnfs volumes rm blog_test --json", does: "the same for a program" },
    ],
    run: removeVolume,
  },
  {
    name: "usage",
    operands: "[APP]",
    count: [0, 1],
    summary: "what volumes hold, the largest first",
    about: [
      "USED is what was last counted: at once where the file system counts by itself (size=), else by walking over the files now and then.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs usage", does: "see what fills the storage" },
      { line: "swarmnfs usage blog --json", does: "one app, for a program" },
    ],
    run: showUsage,
  },
  {
    name: "bench",
    operands: "VOLUME",
    count: [1, 1],
    summary: "how fast a volume is, beside this node's own disk",
    about: [
      "Databases, web servers, large files and many small files are imitated by fio, in containers without a network that are thrown away, from the image swarmnfs/bench (make images). Not in the volume: in a scratch volume of the same app, storage and mount options, which is removed afterwards.",
      "Takes a few minutes, during which the storage and this node have work. Mount options that may help are tried on a scratch volume of their own, in turn with the others: what differs beyond the noise is told with both numbers.",
    ],
    options: ["quick", "profile"],
    examples: [
      { line: "swarmnfs bench db", does: "see what a database may expect of its volume" },
      { line: "swarmnfs bench db --quick --profile database", does: "the same in half a minute" },
    ],
    run: benchVolume,
  },
];
