import type { Machine } from "./machine.ts";

/** Stops everything on the machine in order, starts it again, and waits until it is ready. */
export async function reboot(machine: Machine): Promise<void> {
  await machine.shutDown();
  await machine.start();
  await machine.ready();
}
