import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Fault } from "./fault-kind.ts";
import { machineFaults } from "./machine-faults.ts";
import type { Machine } from "./machine.ts";
import { nasFaults } from "./nas-faults.ts";
import { nodeFaults } from "./node-faults.ts";

/** By name, as people say them: `lab fault node2 cut`. */
export const faults: Readonly<Record<string, Fault>> = {
  ...machineFaults,
  ...nasFaults,
  ...nodeFaults,
};

/** Lets the fault of that name happen to the machine. */
export async function beginFault(machine: Machine, name: string): Promise<void> {
  const fault = known(name);
  if (fault.only !== undefined && fault.only !== machine.plan.role)
    throw new Error(`"${name}" does not happen to ${machine.name}, only to a ${fault.only}`);
  const pid = await machine.pid();
  if (pid === null)
    throw new Error(
      `${machine.name} is off: nothing more can happen to it. To turn it on: lab mend`,
    );
  // Before it begins: a beginning that fails half-way must be mended as well.
  await mkdir(marks(machine), { recursive: true });
  await writeFile(path.join(marks(machine), name), "");
  await fault.begin(machine);
  const wasOff = (await machine.pid()) !== pid;
  if (wasOff) await forget(machine, (each) => known(each).endsWithPower);
}

/** Mends one fault of the machine, or all it has. */
export async function endFault(machine: Machine, name?: string): Promise<void> {
  const present = await faultsOf(machine);
  // Without power nothing else can be mended, and a frozen machine does not listen.
  const order = ["power-off", "freeze"];
  const rank = (each: string): number =>
    (order.indexOf(each) + order.length + 1) % (order.length + 1);
  const wanted = name === undefined ? present : [name];
  for (const each of wanted.toSorted((a, b) => rank(a) - rank(b))) {
    await known(each).end(machine);
    await forget(machine, (other) => other === each);
  }
}

/** The names of what is wrong with the machine now by {@link beginFault}. */
export async function faultsOf(machine: Machine): Promise<string[]> {
  return readdir(marks(machine)).catch(() => []);
}

function known(name: string): Fault {
  const fault = Object.hasOwn(faults, name) ? faults[name] : undefined;
  if (fault !== undefined) return fault;
  throw new Error(`"${name}" is no fault. Faults: ${Object.keys(faults).join(", ")}`);
}

async function forget(machine: Machine, which: (name: string) => boolean): Promise<void> {
  for (const name of (await faultsOf(machine)).filter(which))
    await rm(path.join(marks(machine), name));
}

function marks(machine: Machine): string {
  return path.join(machine.folder, "faults");
}
