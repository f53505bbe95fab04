import test from "ava";
import { commands } from "../../cli/command.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";

for (const [line, message, help] of [
  ["volume", 'unknown command "volume": did you mean "volumes"?', ""],
  [
    "frobnicate",
    'unknown command "frobnicate". Commands: volumes, usage, bench, apps, trash, adopt, import, export, report, clean, nodes, leases, join, doctor, status, server, backup, version, help.',
    "",
  ],
  ["trash undelte x", '"trash" has no command "undelte": did you mean "trash undelete"?', "trash"],
  [
    "trash blog_data",
    '"trash" has no command "blog_data". It has: list, undelete, purge.',
    "trash",
  ],
  [
    "apps blog",
    '"apps" has no command "blog". It has: list, show, set. To see the one of that name: swarmnfs apps show blog',
    "apps",
  ],
  [
    "volumes --drfit",
    'unknown option "--drfit" for "volumes list": did you mean --drift?',
    "volumes list",
  ],
  [
    "status --drift",
    'unknown option "--drift" for "status". Options: --json, --socket, --help.',
    "status",
  ],
  [
    "doctor -x",
    'unknown option "-x" for "doctor". Options: --cluster, --fix, --json, --socket, --help.',
    "doctor",
  ],
  ["doctor --fix=yes", '--fix takes no value, and "yes" was given.', "doctor"],
  ["trash undelete x --as", "--as needs a value: --as NAME", "trash undelete"],
  ["trash undelete x --as --json=1", "--as needs a value: --as NAME", "trash undelete"],
  ["status --socket=", "--socket needs a value: --socket PATH", "status"],
  [
    "volumes show",
    '"volumes show" needs more to go by: swarmnfs volumes show NAME',
    "volumes show",
  ],
  ["volumes show a b", '"b" is one word too many: swarmnfs volumes show NAME', "volumes show"],
  ["status now", '"now" is one word too many: swarmnfs status', "status"],
  ["--socket /x", "which command is --socket for?", ""],
  ["help volumse", 'unknown command "volumse": did you mean "volumes"?', ""],
] as const) {
  test(`refused: swarmnfs ${line}`, says, {
    line,
    exit: 2,
    requests: [],
    err: `
swarmnfs: ${message}
  See: swarmnfs ${help === "" ? "" : `${help} `}--help
`,
  });
}

test("wrong usage with --json is said in JSON", says, {
  line: "--json volums",
  exit: 2,
  err: `
{
  "error": {
    "code": "invalid",
    "message": "unknown command \\"volums\\": did you mean \\"volumes\\"?"
  }
}
`,
});

test("version, both ways", async (t) => {
  t.is((await speak(t, ["version"])).out, "swarmnfs 0.0.0-development\n");
  t.is((await speak(t, ["--version"])).out, "swarmnfs 0.0.0-development\n");
  t.deepEqual(JSON.parse((await speak(t, ["version", "--json"])).out), {
    version: "0.0.0-development",
  });
});

test("help names every command", async (t) => {
  const { out } = await speak(t, ["help"], terminal);
  for (const { name, isDefault } of commands) {
    const shown = isDefault === true ? name.replace(" ", " [") : name;
    t.true(out.includes(`\n  ${shown}`), name);
  }
});

test("help, --help, -h and nothing at all say the same", async (t) => {
  const { out } = await speak(t, ["help"], terminal);
  for (const words of [["--help"], ["-h"], []]) {
    const said = await speak(t, words, terminal);
    t.is(said.out, out);
    t.is(said.exit, 0);
  }
});

test("help for one command: usage, what it does, options, two examples", says, {
  ...terminal,
  columns: 80,
  line: "help trash purge",
  out: `
Usage: swarmnfs trash purge [ENTRY...] [--older-than AGE] [--all] [--yes]

Destroy removed volumes for good.
Shows what would be destroyed and asks. Where nobody can be asked, in a script
or with --json, --yes is needed.
Say which: names of entries, or --older-than, or --all.

Options:
  --older-than AGE   only what is older than this: 12h, 7d, 2w
  --all              every entry of the trash
  --yes              do not ask
  --json             print everything that is known, as JSON
  --socket PATH      the plugin's socket, when it cannot be found or is one of
                     several (or SWARMNFS_SOCKET)
  --help             say what a command does, with examples

Examples:
  swarmnfs trash purge --older-than 7d   make room now rather than in three
                                         weeks
  swarmnfs trash purge --all --yes       empty the trash from a script
`,
});

test("help for a word with several commands shows them all", says, {
  line: "apps --help",
  out: `
Usage: swarmnfs apps COMMAND [OPTIONS]

Commands:
  apps [list]                 all apps: who may mount, and what they use
  apps show APP               everything about one app
  apps set APP KEY=VALUE...   change who may mount an app's volumes, and its size

Options of each:
  --json          print everything that is known, as JSON
  --socket PATH   the plugin's socket, when it cannot be found or is one of several (or SWARMNFS_SOCKET)
  --help          say what a command does, with examples

Examples:
  swarmnfs apps                                see all apps
  swarmnfs apps show blog                      see who may mount its volumes
  swarmnfs apps set blog services=blog,tools   let the stack "tools" in as well

What else one of them takes: swarmnfs apps set --help
`,
});

test("every command has two examples that begin with itself and are understood", async (t) => {
  for (const command of commands) {
    t.is(command.examples.length, 2);
    for (const { line } of command.examples) {
      const called = command.isDefault === true ? command.name.split(" ")[0] : command.name;
      t.true(line.startsWith(`swarmnfs ${called}`), line);
      const words =
        line
          .split(/ \|\|? | > /)[0]
          ?.match(/"[^"]*"|\S+/g)
          ?.slice(1) ?? [];
      t.not((await speak(t, words, { typed: "no" })).exit, 2, line);
    }
  }
});

test("help --json is the table of commands", async (t) => {
  const { out } = await speak(t, ["help", "--json"]);
  const names = JSON.parse(out).commands.map(({ name }: { name: string }) => name);
  t.deepEqual(
    names,
    commands.map(({ name }) => name),
  );
});
