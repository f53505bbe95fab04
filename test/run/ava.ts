import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { environment } from "./command.ts";
import { faultInTap, writeFaults, type FaultResult } from "./faults.ts";
import type { Tally } from "./tally.ts";

/**
 * Runs ava, with `env` besides the usual environment, and counts what it reports as TAP; a failure is shown with its
 * reason, and so is a slow run's progress.
 */
export async function runAva(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Tally> {
  const run = execa("ava", ["--tap", ...args], {
    cwd: path.join(import.meta.dirname, "../.."),
    env: { ...environment, ...env },
    buffer: false,
    reject: false,
    stdin: "ignore",
    stderr: "inherit",
  });
  let passed = 0;
  let failed = 0;
  const faults: FaultResult[] = [];
  const signOfLife = setInterval(
    () => process.stdout.write(`  … ${passed} passed, ${failed} failed so far\n`),
    30_000,
  );
  for await (const line of createInterface({ input: run.stdout })) {
    const fault = faultInTap(line);
    if (fault !== null) faults.push(fault);
    const [result] = /^(not )?ok \d+/.exec(line) ?? [];
    if (result === undefined) {
      // The reason of the failure above, or what a test logged; the rest of TAP is of no use to people.
      if (/^ |^# {2}/.test(line)) process.stdout.write(`    ${line}\n`);
    } else if (result.startsWith("not")) {
      failed += 1;
      process.stdout.write(`  FAIL  ${line.replace(/^not ok \d+ - /, "")}\n`);
    } else {
      passed += 1;
    }
  }
  const { exitCode } = await run;
  clearInterval(signOfLife);
  // ava may fail without a failed test: no test found, a file that does not load, a timeout.
  if (exitCode !== 0 && failed === 0) failed = 1;
  await writeFaults(faults);
  return { passed, failed };
}
