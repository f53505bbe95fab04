import { faultsOf } from "./fault.ts";
import type { Lab } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** A table of the lab's machines for people: what each is, whether it is ready, what was broken on purpose. */
export async function statusTable(lab: Lab): Promise<string> {
  const rows = await Promise.all(lab.machines.map(rowOf));
  const table = [["MACHINE", "ADDRESS", "STATE", "FAULTS"], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

async function rowOf(machine: Machine): Promise<string[]> {
  const faults = await faultsOf(machine);
  return [machine.name, machine.plan.address, await stateOf(machine), faults.join(", ") || "–"];
}

async function stateOf(machine: Machine): Promise<string> {
  if ((await machine.pid()) === null) return "off";
  if ((await faultsOf(machine)).includes("freeze")) return "frozen";
  return (await machine.isReady(10_000)) ? "ready" : "on, not ready";
}
