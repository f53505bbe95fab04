import { checkTarget, printBackupConfig } from "./backup-config.ts";
import {
  confirmSource,
  drillBackup,
  forgetSnapshots,
  pruneRepositories,
  verifyBackup,
} from "./backup-care.ts";
import { manageKeys } from "./backup-key.ts";
import { restoreBackup } from "./backup-restore.ts";
import { runBackup } from "./backup-run.ts";
import { compareSnapshots, dumpFile, listFiles, listSnapshots } from "./backup-snapshots.ts";
import { backupStatus } from "./backup-status.ts";
import type { Command } from "./call.ts";

/** What the backup service can be asked, in its container. */
export const backupCommands: readonly Command[] = [
  {
    name: "backup status",
    isDefault: true,
    operands: "",
    count: [0, 0],
    summary: "in the backup service: how each app's backup is",
    about: [
      "LAST GOOD is the last run after which every volume had a complete snapshot in a repository that was found whole. VERIFIED is the share of all data that was read back in the last month, DRILL the last restore for practice. Exit code 1 while an app needs somebody.",
      "This and its like work in the container of the backup service.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup status", does: "see whether everything is safe" },
      { line: "swarmnfs backup status --json || echo look", does: "in a script" },
    ],
    run: backupStatus,
  },
  {
    name: "backup run",
    operands: "[APP...]",
    count: [0, Infinity],
    summary: "in the backup service: back up now",
    about: [
      "All apps if none is named. An app whose backup is going on already is waited for. Ctrl-C ends it with nothing lost; the next run goes on from what is on the server.",
      "Exit code 0 only if every volume is complete on the server and the repository was found whole; 3 if only some of it is.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup run", does: "before an upgrade" },
      { line: "swarmnfs backup run blog shop", does: "two apps only" },
    ],
    run: runBackup,
  },
  {
    name: "backup snapshots",
    operands: "[APP]",
    count: [0, 1],
    summary: "in the backup service: what can be restored",
    about: ["Oldest first. Marks say what is special: suspect, partial, doubtful-time."],
    options: [],
    examples: [
      { line: "swarmnfs backup snapshots blog", does: "see which moments can be had back" },
      { line: "swarmnfs backup snapshots --json", does: "of all apps, for a program" },
    ],
    run: listSnapshots,
  },
  {
    name: "backup ls",
    operands: "SNAPSHOT [PATH]",
    count: [1, 2],
    summary: "in the backup service: files of a snapshot",
    about: ["With --json a document for each file."],
    options: [],
    examples: [
      { line: "swarmnfs backup ls 3f2a9c1e", does: "see everything in it" },
      { line: "swarmnfs backup ls 3f2a9c1e /uploads", does: "see one directory" },
    ],
    run: listFiles,
  },
  {
    name: "backup diff",
    operands: "SNAPSHOT SNAPSHOT",
    count: [2, 2],
    summary: "in the backup service: what changed in between",
    about: ["+ is new, - is gone, M has other content, T is of another type, U has other rights."],
    options: [],
    examples: [
      { line: "swarmnfs backup diff 3f2a9c1e 77b01d42", does: "see what changed since" },
      { line: "swarmnfs backup diff 3f2a9c1e 77b01d42 --json", does: "the same for a program" },
    ],
    run: compareSnapshots,
  },
  {
    name: "backup dump",
    operands: "SNAPSHOT PATH",
    count: [2, 2],
    summary: "in the backup service: one file's content",
    about: [
      "To the standard output, which has to be a file or a program. What is not whole ends with exit code 1.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup dump 3f2a9c1e /notes.txt > notes.txt", does: "get one file back" },
      { line: "swarmnfs backup dump 3f2a9c1e /dump.sql | psql", does: "without a file in between" },
    ],
    run: dumpFile,
  },
  {
    name: "backup restore",
    operands: "APP|VOLUME",
    count: [1, 1],
    summary: "in the backup service: bring a version back",
    about: [
      "Into a new volume, called VOLUME_restored unless --to says otherwise; what is there now stays as it is. Everything is read again at the end and compared with the snapshot.",
      "An app with several volumes needs the volume's name. What was interrupted goes on where it was.",
    ],
    options: ["at", "path", "to", "in-place", "force"],
    examples: [
      {
        line: 'swarmnfs backup restore blog --at "2026-02-20 12:00" --to blog_rescued',
        does: "as it was then, beside what is there now",
      },
      {
        line: "swarmnfs backup restore blog_data --path /uploads/cat.jpg",
        does: "one file of the latest version",
      },
    ],
    run: restoreBackup,
  },
  {
    name: "backup verify",
    operands: "[APP...]",
    count: [0, Infinity],
    summary: "in the backup service: is what is there whole",
    about: [
      "Checks that everything a snapshot needs is on the server; with --read that it is unchanged as well. Damage is healed from the volumes where they still have it. A thirtieth is read back every day by itself.",
    ],
    options: ["read"],
    examples: [
      { line: "swarmnfs backup verify", does: "see whether anything is missing" },
      { line: "swarmnfs backup verify blog --read 100", does: "read back all of one app" },
    ],
    run: verifyBackup,
  },
  {
    name: "backup drill",
    operands: "[APP...]",
    count: [0, Infinity],
    summary: "in the backup service: restore for practice",
    about: [
      "Brings sample files of every app back into a scratch directory and compares them. Happens every week by itself.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup drill", does: "know that restoring works" },
      { line: "swarmnfs backup drill blog --json", does: "of one app, for a program" },
    ],
    run: drillBackup,
  },
  {
    name: "backup confirm",
    operands: "APP",
    count: [1, 1],
    summary: "in the backup service: a suspect app is right",
    about: [
      "An app most of whose files are gone is suspect: nothing is removed from its history until somebody says that this is how it should be.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup confirm wiki", does: "its files were removed on purpose" },
      { line: "swarmnfs backup confirm wiki --json", does: "the same for a program" },
    ],
    run: confirmSource,
  },
  {
    name: "backup forget",
    operands: "[APP...]",
    count: [0, Infinity],
    summary: "in the backup service: remove old versions now",
    about: [
      "As KEEP says, which happens after every run by itself. Never the last seven good versions, never more than a tenth at once, and nothing while a source is suspect or clocks disagree.",
    ],
    options: ["dry-run"],
    examples: [
      { line: "swarmnfs backup forget --dry-run", does: "see what the rule comes to" },
      { line: "swarmnfs backup forget blog", does: "after KEEP was changed" },
    ],
    run: forgetSnapshots,
  },
  {
    name: "backup prune",
    operands: "[APP...]",
    count: [0, Infinity],
    summary: "in the backup service: make room on the server",
    about: ["Removes data that no snapshot needs any more. Happens every week by itself."],
    options: ["dry-run"],
    examples: [
      { line: "swarmnfs backup prune --dry-run", does: "see how much room there would be" },
      { line: "swarmnfs backup prune", does: "when the server is nearly full" },
    ],
    run: pruneRepositories,
  },
  {
    name: "backup key",
    operands: "list|add|remove APP [FILE|KEY]",
    count: [2, 3],
    summary: "in the backup service: passwords of a repository",
    about: [
      "Several passwords may open one repository. Add one that is kept elsewhere, from a file in the container; the one in use cannot be removed.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup key list blog", does: "see which passwords there are" },
      {
        line: "swarmnfs backup key add blog /run/secrets/recovery",
        does: "a second password, for the safe",
      },
    ],
    run: manageKeys,
  },
  {
    name: "backup check-target",
    operands: "",
    count: [0, 0],
    summary: "in the backup service: try the WebDAV server",
    about: [
      "Connects and tries what backups need, in a folder of its own that is removed afterwards: folders, uploads, moves, ranges, room, clock.",
    ],
    options: [],
    examples: [
      { line: "swarmnfs backup check-target", does: "find out why nothing arrives" },
      { line: "swarmnfs backup check-target --json", does: "the same for a program" },
    ],
    run: checkTarget,
  },
  {
    name: "backup print-config",
    operands: "",
    count: [0, 0],
    summary: "in the backup service: the settings as understood",
    about: ["Secrets are never shown. What is probably not meant is noted below."],
    options: [],
    examples: [
      { line: "swarmnfs backup print-config", does: "see what the environment came to" },
      { line: "swarmnfs backup print-config --json", does: "the same for a program" },
    ],
    run: printBackupConfig,
  },
];
