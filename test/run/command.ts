import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import type { Tally } from "./tally.ts";

const root = path.join(import.meta.dirname, "../..");
// CI=true makes some tools colour what goes into a file.
const colour: Record<string, string> = process.stdout.isTTY
  ? {}
  : { NO_COLOR: "1", FORCE_COLOR: "0" };

/** For the tools of the project: found first, and in colour only for people. */
export const environment = {
  ...colour,
  PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
};

/** Runs a tool of the project as one check; what it says is shown only if it fails. */
export async function runCommand(
  title: string,
  command: string,
  args: readonly string[],
): Promise<Tally> {
  const { failed, all } = await execa(command, args, {
    cwd: root,
    env: environment,
    all: true,
    reject: false,
  });
  process.stdout.write(`  ${failed ? "FAIL" : "ok"}  ${title}\n`);
  if (failed) process.stdout.write(`${all ?? ""}\n`);
  return failed ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 };
}
