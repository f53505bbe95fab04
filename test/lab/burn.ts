import { rm } from "node:fs/promises";
import path from "node:path";
import { diskFiles } from "../../lab/disks.ts";
import type { Lab } from "../../lab/lab.ts";
import type { Machine } from "../../lab/machine.ts";
import { say } from "./eventually.ts";

/** Machines and every disk of theirs are gone, at once. */
export async function burn(machines: readonly Machine[]): Promise<void> {
  for (const machine of machines) say(`${machine.name} burns`);
  await Promise.all(machines.map((machine) => machine.powerOff()));
  for (const { plan, folder } of machines)
    for (const disk of diskFiles(plan.role)) await rm(path.join(folder, disk));
}

/** New machines of the same names and addresses, as somebody has installed them who knows nothing of the old ones. */
export async function buyNew(lab: Lab, machines: readonly Machine[]): Promise<void> {
  await Promise.all(machines.map((machine) => lab.boot(machine, say)));
}
