import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";

type Maybe<T> = T | null | undefined | false;

/** How often somebody who reads the run is told that it is still waiting, in milliseconds. */
const patienceOfReaders = 30_000;

/**
 * Waits until `condition` holds and returns what it returned; throws, naming `what`, when `deadline` (milliseconds) is
 * over. Emulated machines are slow and the host is noisy: be generous.
 */
export async function eventually<T>(
  condition: () => Promise<Maybe<T>> | Maybe<T>,
  what: string,
  deadline = 180_000,
): Promise<T> {
  const began = performance.now();
  let told = began;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false) return value;
    const now = performance.now();
    if (now - began > deadline)
      throw new Error(`waited ${deadline / 1000} s in vain until ${what}`);
    if (now - told > patienceOfReaders) {
      told = now;
      say(`waiting until ${what}, ${Math.round((now - began) / 1000)} s so far`);
    }
    await pause(500);
  }
}

/** Shows whoever reads the run what is going on. */
export function say(line: string): void {
  process.stderr.write(`    ${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
