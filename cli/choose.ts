import { nearest } from "../service/nearest.ts";
import type { Command } from "./call.ts";
import { UsageError } from "./usage-error.ts";

export interface Choice {
  readonly command: Command;
  readonly operands: readonly string[];
}

/** The command that `words` begin with and what is left of them; `words` is not empty. */
export function choose(words: readonly string[], commands: readonly Command[]): Choice {
  const [first = "", second] = words;
  const group = commands.filter((command) => firstWord(command) === first);
  if (group.length === 0) throw unknownCommand(first, commands);

  const alone = group.find((command) => command.name === first);
  if (alone !== undefined) return { command: alone, operands: words.slice(1) };

  const wanted = group.find((command) =>
    second === undefined ? command.isDefault === true : secondWord(command) === second,
  );
  if (wanted === undefined) throw unknownSecondWord(first, second ?? "", group);
  return { command: wanted, operands: words.slice(2) };
}

/** The commands a help request is about: one, or all that share the first word. None for the overview. */
export function chooseTopic(
  words: readonly string[],
  commands: readonly Command[],
): readonly Command[] {
  const [first, second] = words;
  if (first === undefined) return [];
  const group = commands.filter((command) => firstWord(command) === first);
  if (group.length === 0) throw unknownCommand(first, commands);
  const exact = group.find((command) => command.name === `${first} ${second}`);
  return exact === undefined ? group : [exact];
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const names = [...new Set([...commands.map(firstWord), "help"])];
  const likely = nearest(word, names);
  const hint = likely === null ? `. Commands: ${names.join(", ")}.` : `: did you mean "${likely}"?`;
  return new UsageError(`unknown command "${word}"${hint}`, "");
}

function unknownSecondWord(first: string, second: string, group: readonly Command[]): UsageError {
  const names = group.map(secondWord);
  const likely = nearest(second, names);
  if (likely !== null) {
    return new UsageError(
      `"${first}" has no command "${second}": did you mean "${first} ${likely}"?`,
      first,
    );
  }
  // `swarmnfs volumes blog_data` is what people try first.
  const show = names.includes("show")
    ? ` To see the one of that name: swarmnfs ${first} show ${second}`
    : "";
  return new UsageError(
    `"${first}" has no command "${second}". It has: ${names.join(", ")}.${show}`,
    first,
  );
}

function firstWord(command: Command): string {
  return command.name.split(" ")[0] ?? "";
}

function secondWord(command: Command): string {
  return command.name.split(" ")[1] ?? "";
}
