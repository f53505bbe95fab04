import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../service/log.ts";
import { messageOf } from "../service/message-of.ts";
import { UserError } from "../service/user-error.ts";
import { CommandFailed } from "../storage/mounting/bounded-command.ts";

export interface Patience {
  /** Between two attempts, milliseconds. */
  readonly againMs: number;
  /** In all; a process that could not begin in that time begins anew. */
  readonly longestMs: number;
}

const usual: Patience = { againMs: 2_000, longestMs: 10 * 60_000 };

/**
 * Does a step of the start, and again while it fails for what may pass by itself: a disk or a program that did not answer in
 * time, as on a machine that has just booted with everything else, or an address that is not there for a moment. To end and
 * be started again would cost such a machine more. Throws at once what waiting does not mend.
 */
export async function patiently<T>(
  step: () => Promise<T>,
  what: string,
  log: Pick<Log, "warn">,
  { againMs, longestMs }: Patience = usual,
): Promise<T> {
  const until = performance.now() + longestMs;
  let told = "";
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!maySettle(error) || performance.now() > until) throw error;
      const reason = messageOf(error);
      if (reason !== told) log.warn({ step: what, reason }, "cannot go on yet; tried again");
      told = reason;
      await delay(againMs);
    }
  }
}

function maySettle(error: unknown): boolean {
  if (error instanceof CommandFailed) return error.timedOut;
  return error instanceof UserError && error.code === "unavailable";
}
