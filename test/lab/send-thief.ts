import type { Machine } from "../../lab/machine.ts";
import { runThere } from "./program.ts";
import type { Errand, Report } from "./raw-nfs/errand.ts";

/** Runs the thief on a machine, by `command` if it is not to be the machine itself, and returns what it reports. */
export async function sendThief(
  machine: Machine,
  errand: Errand,
  command?: string,
): Promise<Report> {
  return (await runThere(machine, "raw-nfs/main", errand, command)) as Report;
}
