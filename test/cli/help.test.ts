import test from "ava";
import { globalOptions } from "../../cli/arguments.ts";
import type { Command } from "../../cli/call.ts";
import { commands } from "../../cli/command.ts";
import { optionTable } from "../../cli/options.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";

for (const command of commands) {
  const { name, options } = command;

  test(`the help of ${name} shows its own options and those of every command, and each once`, async (t) => {
    const { out } = await speak(t, ["help", ...name.split(" ")], terminal);
    const shown = Array.from(out.matchAll(/^ {2}--([a-z-]+)/gm), ([, option = ""]) => option);
    t.deepEqual(shown.toSorted(), [...options, ...globalOptions].toSorted());
    const mentioned = Array.from(out.matchAll(/--([a-z][a-z-]*)/g), ([, option = ""]) => option);
    const others = mentioned.filter((option) => !shown.includes(option));
    t.deepEqual(others, [], "options that are not its own");
  });
}

test("a usage has brackets around what may be left out, and around nothing else", async (t) => {
  for (const command of commands) {
    const { out } = await speak(t, ["help", ...command.name.split(" "), "--json"]);
    const [{ usage }] = JSON.parse(out).commands;
    for (const option of command.options)
      t.is(usage.includes(`[--${option}`), !isNeeded(command, option), usage);
    for (const option of command.needed ?? []) t.true(usage.includes(` --${option} `), usage);
  }
});

test("examples do without what may be left out, and not without what is needed", async (t) => {
  for (const command of commands) {
    const { name, needed = [], options } = command;
    for (const { line } of command.examples) {
      const words = wordsOf(line);
      for (const option of needed) t.true(words.includes(`--${option}`), line);
      for (const option of options.filter((each) => words.includes(`--${each}`))) {
        const { exit, plugin } = await speak(t, without(words, option), { typed: "no" });
        t.is(exit === 2, isNeeded(command, option) || isOneOfSeveral(name, option), line);
        if (exit === 2) t.deepEqual(plugin.requests, [], "nothing is done");
      }
    }
  }
});

function isNeeded({ needed = [] }: Command, option: string): boolean {
  return needed.some((each) => each === option);
}

/** Names, an age, or all: purge wants to be told what. */
function isOneOfSeveral(name: string, option: string): boolean {
  return name === "trash purge" && (option === "older-than" || option === "all");
}

function wordsOf(line: string): string[] {
  const own = line.split(/ \|\|? | > /)[0] ?? "";
  return Array.from(
    own.matchAll(/"([^"]*)"|(\S+)/g),
    ([, quoted, word]) => quoted ?? word ?? "",
  ).slice(1);
}

function without(words: readonly string[], option: string): string[] {
  const at = words.indexOf(`--${option}`);
  const length = optionTable[option]?.type === "string" ? 2 : 1;
  return words.toSpliced(at, length);
}

test("what is needed is told apart from options", says, {
  ...terminal,
  columns: 80,
  line: "export --help",
  out: `
Usage: swarmnfs export VOLUME --to PLACE [--live]

Copy a volume's data to a place of this node.
The way back, as careful as import: to local:NAME, a volume of Docker's own,
which is made if it is not there, or to a directory of this node, which has to
be there. Either must be empty.

Needed:
  --to PLACE   where to: local:NAME, or a directory of this node, as in
               /srv/blog

Options:
  --live          although something uses the volume: what changes meanwhile is
                  told, and copied by a second run
  --json          print everything that is known, as JSON
  --socket PATH   the plugin's socket, when it cannot be found or is one of
                  several (or SWARMNFS_SOCKET)
  --help          say what a command does, with examples

Examples:
  swarmnfs export blog_data --to local:blog   to Docker's local volume blog
  swarmnfs export blog_data --to /srv/blog    to a directory
`,
});

test("an option without its value is named as the command calls it", says, {
  line: "export blog_data --to",
  exit: 2,
  requests: [],
  err: `
swarmnfs: --to needs a value: --to PLACE
  See: swarmnfs export --help
`,
});
