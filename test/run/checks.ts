import { runCommand } from "./command.ts";
import type { Tally } from "./tally.ts";

/** Types, lint (with the one-way rule of the imports), format, unused code: each counts as one. */
export async function checks(): Promise<Tally> {
  const tallies = [
    await runCommand("types", "tsc", []),
    await runCommand("lint", "oxlint", []),
    await runCommand("format", "oxfmt", ["--check"]),
    await runCommand("unused code", "knip", []),
  ];
  return {
    passed: tallies.filter(({ passed }) => passed > 0).length,
    failed: tallies.filter(({ failed }) => failed > 0).length,
  };
}
