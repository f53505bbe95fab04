import { formatSize } from "../service/size.ts";
import { UserError } from "../service/user-error.ts";
import type { ChangeView, EntryView } from "../storage/backup/verbs.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

export async function listSnapshots(call: Call): Promise<ExitCode> {
  const [app = null] = call.operands;
  const answer = await call.backup.ask("snapshots", { app }, "reading the snapshots");
  const { screen, moments } = call;
  if (call.options.json) {
    screen.json(answer);
    return 0;
  }
  if (answer.snapshots.length === 0) {
    screen.line("No snapshots yet. To make them now: swarmnfs backup run");
    return 0;
  }
  const { none } = screen.symbols;
  screen.table(
    [
      { title: "SNAPSHOT" },
      { title: "APP" },
      { title: "VOLUME" },
      { title: "TIME" },
      { title: "AGE" },
      { title: "FILES" },
      { title: "SIZE" },
      { title: "NEW" },
      { title: "MARKS", wraps: true },
    ],
    answer.snapshots.map((each): Part[] => [
      each.id.slice(0, 8),
      each.app,
      each.volume,
      each.time,
      moments.ago(each.time),
      each.files === null ? none : each.files.toLocaleString("en"),
      each.bytes === null ? none : formatSize(each.bytes),
      each.added === null ? none : formatSize(each.added),
      each.marks.length === 0 ? none : { text: each.marks.join(", "), tone: "look" },
    ]),
  );
  screen.line(plural(answer.snapshots.length, "snapshot"));
  return 0;
}

/** Entries are shown as they come: a snapshot may have a million. */
export async function listFiles(call: Call): Promise<ExitCode> {
  const [snapshot = "", path = null] = call.operands;
  const { screen, options } = call;
  await call.backup.ask("ls", { snapshot, path }, "reading the snapshot", (entry) =>
    options.json ? screen.json(entry) : screen.line(lineOf(entry)),
  );
  return 0;
}

/** `-rw-r--r--  1000:1000   2.0G  2026-03-01T06:00:00Z  /var/db`. */
function lineOf({ path, type, size, mode, uid, gid, mtime }: EntryView): string {
  const amount = type === "file" ? formatSize(size) : "";
  return [
    letterOf(type) + permissions(mode),
    `${uid}:${gid}`.padEnd(11),
    amount.padStart(6),
    mtime.slice(0, 19),
    path,
  ].join("  ");
}

const letters: Readonly<Record<string, string>> = {
  dir: "d",
  symlink: "l",
  fifo: "p",
  dev: "b",
  chardev: "c",
  socket: "s",
};

function letterOf(type: string): string {
  return Object.hasOwn(letters, type) ? (letters[type] ?? "?") : "-";
}

function permissions(mode: number): string {
  return [6, 3, 0]
    .map((shift) => {
      const bits = (mode >> shift) & 7;
      return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 1 ? "x" : "-"}`;
    })
    .join("");
}

export async function compareSnapshots(call: Call): Promise<ExitCode> {
  const [before = "", after = ""] = call.operands;
  const { screen, options } = call;
  const answer = await call.backup.ask("diff", { before, after }, "comparing", (change) =>
    options.json ? screen.json(change) : screen.line(changePart(change), `  ${change.path}`),
  );
  if (!options.json)
    screen.line(answer.changes === 0 ? "No differences" : plural(answer.changes, "difference"));
  return 0;
}

function changePart({ kind }: ChangeView): Part {
  if (kind === "-") return { text: kind, tone: "act" };
  return kind === "+" ? { text: kind, tone: "fine" } : { text: kind, tone: "look" };
}

/** A file's bytes could be anything, so they go into a file or to a program, not to a terminal. */
export async function dumpFile(call: Call): Promise<ExitCode> {
  const [snapshot = "", path = ""] = call.operands;
  if (call.screen.terminal.interactive)
    throw new UserError(
      "invalid",
      `a file may hold anything, and a terminal obeys some of it. Write it somewhere: swarmnfs backup dump ${snapshot} ${path} > FILE`,
    );
  await call.backup.dump({ snapshot, path });
  return 0;
}
