import type { Machine } from "../../lab/machine.ts";
import { runProgram } from "../../lab/program.ts";

/** The same for a program of this folder, as `bare-node/main`. */
export function runThere(
  machine: Machine,
  program: string,
  argument: unknown,
  command?: string,
  timeout?: number,
): Promise<unknown> {
  return runProgram(machine, `test/lab/${program}.ts`, argument, command, timeout);
}
