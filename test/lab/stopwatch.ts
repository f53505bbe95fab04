import type { ExecutionContext } from "ava";
import type { Outcome } from "../../engine-box/outcome.ts";
import type { Machine } from "../../lab/machine.ts";
import { eventually } from "./eventually.ts";

/** How a command ended, and after how many seconds. */
export interface Timed extends Outcome {
  readonly seconds: number;
}

/** Measures and shows how long something took; nothing passes or fails by it. */
export async function timed(
  t: ExecutionContext,
  what: string,
  work: () => Promise<Outcome>,
): Promise<Timed> {
  const began = performance.now();
  const outcome = await work();
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const words = outcome.exitCode === 0 ? "" : `: ${outcome.stderr.trim()}`;
  t.log(`${seconds} s  ${what}${words}`);
  return { ...outcome, seconds };
}

/** Waits until `seconds` have passed on the machine's own clock since it showed `since` (see {@link clockOf}). */
export async function untilPassed(machine: Machine, since: number, seconds: number): Promise<void> {
  await eventually(
    async () => (await clockOf(machine)) - since >= seconds,
    `${seconds} s have passed on the clock of ${machine.name}`,
    seconds * 3000,
  );
}

/** Seconds since the machine's boot, by its own clock. */
export async function clockOf(machine: Machine): Promise<number> {
  return Number.parseFloat(await machine.must("cat /proc/uptime", { timeout: 60_000 }));
}
