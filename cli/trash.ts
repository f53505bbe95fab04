import { UserError } from "../service/user-error.ts";
import { nearest } from "../service/nearest.ts";
import type { TrashEntry } from "../storage/storage.ts";
import { byName } from "./by-name.ts";
import type { Call, ExitCode } from "./call.ts";
import { plural } from "./plural.ts";
import type { Part } from "./terminal.ts";

export async function readTrash(call: Call): Promise<readonly TrashEntry[]> {
  const { entries } = await call.plugin.ask("Trash", {}, "reading the trash");
  return entries;
}

export async function listTrash(call: Call): Promise<ExitCode> {
  const entries = await readTrash(call);
  if (call.options.json) {
    call.screen.json({ entries });
    return 0;
  }
  if (entries.length === 0) {
    call.screen.line("The trash is empty");
    return 0;
  }
  showEntries(entries, call);
  call.screen.line(
    `${plural(entries.length, "entry")}. To bring one back: swarmnfs trash undelete ENTRY`,
  );
  return 0;
}

const dayMs = 24 * 60 * 60 * 1000;

export function showEntries(entries: readonly TrashEntry[], call: Call): void {
  const { moments } = call;
  const purged = (entry: TrashEntry): Part => {
    const text = moments.until(entry.record.purgeAt);
    return moments.span(entry.record.purgeAt) > -dayMs ? { text, tone: "look" } : text;
  };
  call.screen.table(
    [
      { title: "ENTRY" },
      { title: "APP" },
      { title: "REMOVED" },
      { title: "BY" },
      { title: "PURGED" },
    ],
    entries
      .toSorted(byVolume)
      .map((entry) => [
        entry.id,
        entry.record.volume.app,
        moments.ago(entry.record.removedAt),
        entry.record.removedBy,
        purged(entry),
      ]),
  );
}

/** By name of the volume, the newest first. */
export function byVolume(a: TrashEntry, b: TrashEntry): number {
  return (
    byName(a.record.volume.name, b.record.volume.name) ||
    Date.parse(b.record.removedAt) - Date.parse(a.record.removedAt) ||
    byName(a.id, b.id)
  );
}

/** What a person may mean by `word`: the entry of that id, or all of the volume of that name, the newest first. */
export function entriesCalled(word: string, entries: readonly TrashEntry[]): readonly TrashEntry[] {
  const exact = entries.find((entry) => entry.id === word);
  if (exact !== undefined) return [exact];
  return entries.filter((entry) => entry.record.volume.name === word).toSorted(byVolume);
}

export function notInTrash(word: string, entries: readonly TrashEntry[]): UserError {
  const likely = nearest(
    word,
    new Set(entries.flatMap((entry) => [entry.record.volume.name, entry.id])),
  );
  const hint = likely === null ? "" : ` Did you mean "${likely}"?`;
  return new UserError(
    "not-found",
    `nothing in the trash is called "${word}": the name of an entry or of a removed volume was expected.${hint} See: swarmnfs trash`,
  );
}
