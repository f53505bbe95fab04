import { globalOptions } from "./arguments.ts";
import type { Command } from "./call.ts";
import { optionOf } from "./options.ts";
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
    commands: (topic.length === 0 ? all : topic).map((command) => ({
      name: command.name,
      usage: usageOf(command),
      summary: command.summary,
      about: command.about,
      options: [...command.options, ...globalOptions].map((option) => {
        const { value, does } = optionOf(command, option);
        return { name: `--${option}`, value, does, needed: isNeeded(command, option) };
      }),
      examples: command.examples,
    })),
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
  showList(screen, "Options of every command", factsOf({ name: "" }, globalOptions));
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
  showList(screen, "Options of each", factsOf({ name: word }, globalOptions));
  showList(screen, "Examples", examplesOf(group.map(({ examples }) => examples[0])));
  const rich = group.find(({ options }) => options.length > 0);
  if (rich === undefined) return;
  screen.line();
  screen.line(`What else one of them takes: swarmnfs ${rich.name} --help`);
}

function showCommand(command: Command, screen: Screen): void {
  screen.line(`Usage: swarmnfs ${usageOf(command)}`);
  screen.line();
  screen.line(`${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`);
  for (const paragraph of command.about) screen.paragraph(paragraph);
  const { needed = [], options } = command;
  if (needed.length > 0) showList(screen, "Needed", factsOf(command, needed));
  const rest = [...options.filter((option) => !needed.includes(option)), ...globalOptions];
  showList(screen, "Options", factsOf(command, rest));
  showList(screen, "Examples", examplesOf(command.examples));
}

/** `export VOLUME --to PLACE [--live]`: what may be left out stands in brackets, behind what is needed. */
function usageOf(command: Command): string {
  const { name, operands, options } = command;
  const [needed, rest] = [true, false].map((wanted) =>
    options.filter((option) => isNeeded(command, option) === wanted),
  );
  const words = [
    ...(needed ?? []).map((option) => optionText(command, option)),
    ...(rest ?? []).map((option) => `[${optionText(command, option)}]`),
  ];
  return [name, operands, ...words].filter((word) => word !== "").join(" ");
}

function isNeeded({ needed = [] }: Command, option: string): boolean {
  return needed.some((name) => name === option);
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

type Told = Pick<Command, "name" | "words">;

function factsOf(command: Told, options: readonly string[]): Fact[] {
  return options.map((option) => [optionText(command, option), optionOf(command, option).does]);
}

function optionText(command: Told, option: string): string {
  const { value } = optionOf(command, option);
  return value === null ? `--${option}` : `--${option} ${value}`;
}

/** `trash [list]`: what may be left out stands in brackets. */
function shortName({ name, operands, isDefault }: Command): string {
  const [first, second] = name.split(" ");
  return isDefault === true ? `${first} [${second}]` : `${name} ${operands}`.trimEnd();
}
