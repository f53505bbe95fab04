import { formatSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import { nearest } from "../../service/nearest.ts";
import type { Call, ExitCode } from "../call.ts";
import { PluginFailure } from "../plugin-client.ts";
import { plural } from "../plural.ts";
import { UsageError } from "../usage-error.ts";
import { dockerSort } from "./docker-sort.ts";
import { type Filters, readFilters } from "./filters.ts";
import type { Found, Rubbish, Sort } from "./sort.ts";
import { stagingSort } from "./staging-sort.ts";
import { trashSort } from "./trash-sort.ts";
import { unusedSort } from "./unused-sort.ts";

const topic = "clean";

const sorts: readonly Sort[] = [trashSort, unusedSort, stagingSort, dockerSort];
const names = sorts.map(({ name }) => name);

interface Pile {
  readonly sort: Sort;
  readonly found: Found;
}

/** What became of one thing; `failure` in words for people. */
interface Removed {
  readonly name: string;
  readonly failure: string | null;
}

/** Shows what can go and how much that is; removes it when that was named and is meant. */
export async function clean(call: Call): Promise<ExitCode> {
  const { operands, options, screen } = call;
  const filters = readFilters(options);
  const piles: Pile[] = [];
  for (const sort of chosen(operands, filters, options.yes))
    piles.push({ sort, found: await sort.find(call, filters) });
  if (!options.json) for (const pile of piles) show(pile, call);
  const count = piles.reduce((total, { found }) => total + found.things.length, 0);
  if (count === 0 || operands.length === 0 || !(await isMeant(call))) {
    if (options.json) screen.json({ found: piles.map(inJson), removed: null });
    else if (count === 0) screen.line("Nothing to clean.");
    else screen.line(`Nothing was removed. ${howTo(operands)}`);
    return 0;
  }
  return report(piles, await removeAll(piles), call);
}

function howTo(operands: readonly string[]): string {
  return operands.length === 0
    ? "To remove some of it, say which: swarmnfs clean unused"
    : "To remove it: the same with --yes";
}

function chosen(operands: readonly string[], { keys }: Filters, yes: boolean): readonly Sort[] {
  const unknown = operands.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    const likely = nearest(unknown, names);
    const hint = likely === null ? "" : ` Did you mean "${likely}"?`;
    throw new UsageError(
      `"${unknown}" is nothing that can be cleaned up: ${names.join(", ")} were expected.${hint}`,
      topic,
    );
  }
  if (yes && operands.length === 0)
    throw new UsageError(
      `say what to clean up with --yes: ${names.join(", ")}, one or several of them.`,
      topic,
    );
  // Where nothing was named a filter picks those that it means something to.
  const isNamed = ({ name }: Sort): boolean => operands.includes(name);
  const takesAll = ({ filters }: Sort): boolean => keys.every((key) => filters.includes(key));
  const unfit = sorts.find((sort) => isNamed(sort) && !takesAll(sort));
  if (unfit !== undefined) {
    const key = keys.find((each) => !unfit.filters.includes(each));
    throw new UsageError(`"${unfit.name}" cannot be filtered by ${key}=.`, topic);
  }
  if (operands.length > 0) return sorts.filter(isNamed);
  return sorts.filter((sort) => takesAll(sort) && sort.onRequest !== true);
}

/** One request for each thing: what is done is known when one fails. */
async function removeAll(piles: readonly Pile[]): Promise<readonly Removed[]> {
  const things = piles.flatMap(({ found }) => found.things);
  const removed: Removed[] = [];
  let isSilent = false;
  for (const [index, thing] of things.entries()) {
    const { name } = thing;
    if (isSilent) {
      removed.push({ name, failure: "not tried, since the plugin did not answer" });
      continue;
    }
    try {
      await thing.remove(`removing ${index + 1} of ${things.length}: ${name}`);
      removed.push({ name, failure: null });
    } catch (error) {
      if (!(error instanceof PluginFailure) && !(error instanceof UserError)) throw error;
      removed.push({ name, failure: error.message });
      // The plugin itself: the others would only wait for the same.
      isSilent = error instanceof UserError && error.code === "unavailable";
    }
  }
  return removed;
}

function show({ sort, found }: Pile, { screen }: Call): void {
  if (found.things.length === 0 && found.notes.length === 0) return;
  screen.line(found.things.length === 0 ? `${sort.title}: nothing` : sort.title);
  if (found.things.length > 0) {
    screen.table(
      sort.columns,
      found.things.map(({ row }) => row),
    );
    screen.line(`${sum(found.things, sort.noun)}: ${sort.fate}`);
  }
  for (const note of found.notes) screen.paragraph(note, "  ");
  screen.line();
}

/** `3 volumes, 1.2G`. */
function sum(things: readonly Rubbish[], noun: string): string {
  const sized = things.flatMap(({ bytes }) => bytes ?? []);
  const bytes = sized.reduce((total, each) => total + each, 0);
  const size = sized.length === 0 ? "" : `, ${formatSize(bytes)}`;
  return `${plural(things.length, noun)}${size}`;
}

async function isMeant({ options, person, aside }: Call): Promise<boolean> {
  if (options.yes) return true;
  if (options.json || !person.present) return false;
  const answer = await person.ask("Remove them? Type yes: ");
  if (answer === "") aside.line();
  return /^y(es)?$/i.test(answer.trim());
}

function report(piles: readonly Pile[], removed: readonly Removed[], call: Call): ExitCode {
  const { screen, aside } = call;
  const failed = removed.filter(({ failure }) => failure !== null);
  if (call.options.json) screen.json({ found: piles.map(inJson), removed });
  else {
    for (const { name, failure } of failed)
      aside.paragraph(`swarmnfs: ${name} stays: ${failure}`, "  ", []);
    const gone = new Set(removed.filter(({ failure }) => failure === null).map(({ name }) => name));
    const [only, ...others] = piles.filter(({ found }) => found.things.length > 0);
    const noun = others.length === 0 && only !== undefined ? only.sort.noun : "thing";
    const things = piles.flatMap(({ found }) => found.things.filter(({ name }) => gone.has(name)));
    screen.line(
      things.length === 0
        ? "Nothing was removed."
        : `${sum(things, noun)} removed${failed.length === 0 ? "" : `, ${failed.length} not`}`,
    );
  }
  if (failed.length === 0) return 0;
  return failed.length === removed.length ? 1 : 3;
}

function inJson({ sort, found }: Pile): object {
  return {
    sort: sort.name,
    things: found.things.map(({ name, bytes, data }) => ({ name, bytes, ...data })),
    notes: found.notes,
  };
}
