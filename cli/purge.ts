import { UserError } from "../service/user-error.ts";
import type { TrashEntry } from "../storage/storage.ts";
import { readAge } from "./age-option.ts";
import type { Call, ExitCode } from "./call.ts";
import { PluginFailure } from "./plugin-client.ts";
import { plural } from "./plural.ts";
import { byVolume, entriesCalled, notInTrash, readTrash, showEntries } from "./trash.ts";
import { UsageError } from "./usage-error.ts";

const topic = "trash purge";

interface Failure {
  readonly entry: string;
  readonly code: string;
  readonly message: string;
}

/** Destroys entries for good, after showing them and being told to. Exit code 3 when only some could be destroyed. */
export async function purge(call: Call): Promise<ExitCode> {
  checkChoice(call);
  const entries = (await selectEntries(call)).toSorted(byVolume);
  if (entries.length === 0) {
    report(call, { purged: [], failed: [] });
    return 0;
  }
  const them = entries.length === 1 ? "it" : "them";
  if (!call.options.json) {
    showEntries(entries, call);
    call.screen.line(
      `${plural(entries.length, "entry")} to be destroyed for good: nothing brings ${them} back.`,
    );
  }
  if (!call.options.yes && !(await isConfirmed(them, call))) {
    call.screen.line("Nothing was purged.");
    return 1;
  }
  const result = await destroy(entries, call);
  report(call, result);
  if (result.failed.length === 0) return 0;
  return result.purged.length === 0 ? 1 : 3;
}

/** Exactly one way of saying which; and somebody to ask, or `--yes`. */
function checkChoice({ operands, options, person }: Call): void {
  const ways = [operands.length > 0, options.all, options.olderThan !== null].filter(
    Boolean,
  ).length;
  if (ways === 0) {
    throw new UsageError(
      "say what to purge: names of entries, --older-than AGE, or --all. See: swarmnfs trash",
      topic,
    );
  }
  if (ways > 1) {
    throw new UsageError(
      "names of entries, --older-than and --all exclude each other: use one of them.",
      topic,
    );
  }
  if (options.olderThan !== null) readAge(options.olderThan, topic);
  if (options.yes) return;
  if (options.json || !person.present) {
    throw new UsageError(
      "purging destroys data for good, and nobody can be asked here. If it is meant, add --yes.",
      topic,
    );
  }
}

async function selectEntries(call: Call): Promise<readonly TrashEntry[]> {
  const entries = await readTrash(call);
  const { all, olderThan } = call.options;
  if (all) return entries;
  if (olderThan !== null) {
    const age = readAge(olderThan, topic);
    return entries.filter((entry) => call.moments.span(entry.record.removedAt) > age);
  }
  return [...new Set(call.operands.map((word) => theEntry(word, entries)))];
}

function theEntry(word: string, entries: readonly TrashEntry[]): TrashEntry {
  const [entry, ...others] = entriesCalled(word, entries);
  if (entry === undefined) throw notInTrash(word, entries);
  if (entry.id === word) return entry;
  // A volume's name is good enough for bringing back, not for destroying.
  throw new UserError(
    "invalid",
    `"${word}" is a volume, and the name of an entry was expected. In the trash of that name: ${[entry, ...others].map(({ id }) => id).join(", ")}`,
  );
}

async function isConfirmed(them: string, { person, aside }: Call): Promise<boolean> {
  const answer = await person.ask(`Destroy ${them}? Type yes: `);
  if (answer === "") aside.line();
  return /^y(es)?$/i.test(answer.trim());
}

/** One request an entry: each has its own bound, and what is done is known when one fails. */
async function destroy(
  entries: readonly TrashEntry[],
  { plugin }: Call,
): Promise<{ purged: string[]; failed: Failure[] }> {
  const purged: string[] = [];
  const failed: Failure[] = [];
  for (const [index, { id }] of entries.entries()) {
    const doing = `purging ${index + 1} of ${entries.length}: ${id}`;
    try {
      const answer = await plugin.ask("Purge", { entries: [id] }, doing);
      purged.push(...answer.purged);
      if (!answer.purged.includes(id)) {
        failed.push({ entry: id, code: "not-found", message: "it was not in the trash any more" });
      }
    } catch (error) {
      if (!(error instanceof PluginFailure) && !(error instanceof UserError)) throw error;
      failed.push({ entry: id, code: error.code, message: error.message });
      // The plugin itself does not answer: the others would only wait for the same.
      if (error instanceof UserError) {
        failed.push(...entries.slice(index + 1).map((entry) => notTried(entry.id)));
        break;
      }
    }
  }
  return { purged, failed };
}

function notTried(entry: string): Failure {
  return { entry, code: "not-tried", message: "not tried, since the plugin did not answer" };
}

function report(
  call: Call,
  result: { purged: readonly string[]; failed: readonly Failure[] },
): void {
  const { purged, failed } = result;
  if (call.options.json) {
    call.screen.json(result);
    return;
  }
  for (const { entry, message } of failed)
    call.aside.paragraph(`swarmnfs: purging ${entry} failed: ${message}`, "  ", []);
  if (purged.length === 0 && failed.length === 0) {
    call.screen.line("Nothing to purge");
  } else {
    call.screen.line(
      `${plural(purged.length, "entry")} purged${failed.length > 0 ? `, ${failed.length} not` : ""}`,
    );
  }
}
