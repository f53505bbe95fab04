import { setTimeout as delay } from "node:timers/promises";

/**
 * Runs `task` now and again `everyMs` milliseconds after it ended, never twice at once, until the signal aborts. A
 * failure is told and the next round comes all the same; what the end broke off has not failed.
 */
export async function repeat(
  everyMs: number,
  task: () => Promise<void>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await task();
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
