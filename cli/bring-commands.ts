import { adopt } from "./adopt.ts";
import type { Command } from "./call.ts";
import { exportData } from "./export.ts";
import { importData } from "./import.ts";

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
    needed: ["app", "volume"],
    words: {
      app: { does: "the app that it belongs to from then on; made if it is not there" },
      volume: { does: "what the volume is called then" },
      "dry-run": { does: "only say what would become of it" },
    },
    examples: [
      {
        line: "swarmnfs adopt old/blog --app blog --volume blog_data --dry-run",
        does: "see what would become of it",
      },
      { line: "swarmnfs adopt old/blog --app blog --volume blog_data", does: "and do it" },
    ],
    run: adopt,
  },
  {
    name: "import",
    operands: "SOURCE",
    count: [1, 1],
    summary: "copy data of this node into a volume",
    about: [
      "SOURCE is local:NAME or nfs:NAME, a volume of Docker's own on this node, volume:NAME, one of another plugin, or a directory of this node, as in /srv/blog.",
      "Owners, modes, times, hard links, symlinks, extended attributes, ACLs and holes are kept, and every byte is compared, before any of it is seen in the volume. The volume is made if it is not there, and must be empty.",
      "It can be ended at any time, also by a power cut: the same command goes on. The source is never changed.",
    ],
    options: ["app", "volume", "live"],
    needed: ["app", "volume"],
    words: {
      app: { does: "the app that the volume belongs to; made if it is not there" },
      volume: { does: "the volume, which is made if it is not there" },
    },
    examples: [
      {
        line: "swarmnfs import local:blog --app blog --volume blog_data",
        does: "from Docker's local volume blog",
      },
      { line: "swarmnfs import /srv/blog --app blog --volume blog_data", does: "from a directory" },
    ],
    run: importData,
  },
  {
    name: "export",
    operands: "VOLUME",
    count: [1, 1],
    summary: "copy a volume's data to a place of this node",
    about: [
      "The way back, as careful as import: to local:NAME, a volume of Docker's own, which is made if it is not there, or to a directory of this node, which has to be there. Either must be empty.",
    ],
    options: ["to", "live"],
    needed: ["to"],
    words: {
      to: {
        value: "PLACE",
        does: "where to: local:NAME, or a directory of this node, as in /srv/blog",
      },
      live: {
        does: "although something uses the volume: what changes meanwhile is told, and copied by a second run",
      },
    },
    examples: [
      { line: "swarmnfs export blog_data --to local:blog", does: "to Docker's local volume blog" },
      { line: "swarmnfs export blog_data --to /srv/blog", does: "to a directory" },
    ],
    run: exportData,
  },
];
