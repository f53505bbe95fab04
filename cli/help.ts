import { globalOptions } from "./arguments.ts";
import type { Command } from "./call.ts";
import { optionTable } from "./options.ts";
import type { Fact, Screen } from "./screen.ts";

/** What `--help` shows for `topic`: one command, a group of them, or everything when it is empty. */
export function showHelp(topic: readonly Command[], all: readonly Command[], screen: Screen): void {
  const [first] = topic;
  if (first === undefined) showOverview(all, screen);
  else if (topic.length === 1) showCommand(first, screen);
  else showGroup(topic, screen);
}

/** The help as data, for `--json`. */
export function helpData(topic: readonly Command[], all: readonly Command[]): unknown {
  return {
    commands: (topic.length === 0 ? all : topic).map(
      ({ name, operands, summary, about, options, examples }) => ({
        name,
        usage: usageOf({ name, operands, options }),
        summary,
        about,
        options: [...options, ...globalOptions].map((option) => ({
          name: `--${option}`,
          does: optionTable[option]?.does,
        })),
        examples,
      }),
    ),
  };
}

function showOverview(all: readonly Command[], screen: Screen): void {
  screen.line("swarmnfs: the shared volumes of this swarm, as this node sees them");
  screen.line();
  screen.line("Usage: swarmnfs COMMAND [OPTIONS]");
  showList(screen, "Commands", [
    ...all.map((command): Fact => [shortName(command), command.summary]),
    ["help [COMMAND]", "this, or what a command does, with examples"],
  ]);
  showList(screen, "Options of every command", globalOptions.map(optionFact));
  showList(
    screen,
    "Examples",
    examplesOf(
      all
        .filter(({ name }) => name === "volumes list" || name === "doctor")
        .map(({ examples }) => examples[0]),
    ),
  );
  screen.line();
  screen.line("Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 partly done");
}

function showGroup(group: readonly Command[], screen: Screen): void {
  const word = group[0]?.name.split(" ")[0] ?? "";
  screen.line(`Usage: swarmnfs ${word} COMMAND [OPTIONS]`);
  showList(
    screen,
    "Commands",
    group.map((command): Fact => [shortName(command), command.summary]),
  );
  showList(
    screen,
    "Options",
    [...new Set(group.flatMap(({ options }) => options)), ...globalOptions].map(optionFact),
  );
  showList(screen, "Examples", examplesOf(group.map(({ examples }) => examples[0])));
}

function showCommand(command: Command, screen: Screen): void {
  screen.line(`Usage: swarmnfs ${usageOf(command)}`);
  screen.line();
  screen.line(`${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`);
  for (const paragraph of command.about) screen.paragraph(paragraph);
  showList(screen, "Options", [...command.options, ...globalOptions].map(optionFact));
  showList(screen, "Examples", examplesOf(command.examples));
}

/** `trash purge [ENTRY...] [--older-than AGE] [--all] [--yes]`. */
function usageOf({
  name,
  operands,
  options,
}: Pick<Command, "name" | "operands" | "options">): string {
  const words = options.map((option) => `[${optionText(option)}]`);
  return [name, operands, ...words].filter((word) => word !== "").join(" ");
}

function showList(screen: Screen, title: string, facts: readonly Fact[]): void {
  screen.line();
  screen.line(`${title}:`);
  screen.facts(facts, "  ");
}

function examplesOf(
  examples: Command["examples"] | readonly Command["examples"][number][],
): Fact[] {
  return examples.map(({ line, does }) => [line, does]);
}

function optionFact(option: string): Fact {
  return [optionText(option), optionTable[option]?.does ?? ""];
}

function optionText(option: string): string {
  const rule = optionTable[option];
  return rule?.type === "string" ? `--${option} ${rule.value}` : `--${option}`;
}

/** `trash [list]`: what may be left out stands in brackets. */
function shortName({ name, operands, isDefault }: Command): string {
  const [first, second] = name.split(" ");
  return isDefault === true ? `${first} [${second}]` : `${name} ${operands}`.trimEnd();
}
