import type { Log } from "../../service/log.ts";
import type { AuditLine } from "../exports/telling.ts";

/** The name by which people know a client of the kernel's tables; null: nobody we know. */
export type NameOf = (client: string) => string | null;

/**
 * One line for each question of the kernel and its answer: who wanted what, and whether it got it. What the kernel is told
 * unasked follows from a grant or a revocation, which has a line of its own, and so is for debugging.
 */
export function auditKernel(log: Log, nameOf: NameOf): (line: AuditLine) => void {
  return ({ question, answer, event, refusal }) => {
    const { channel, ...asked } = question;
    const client = "client" in question ? question.client : answer;
    const facts = {
      audit: "kernel",
      channel,
      ...asked,
      node: typeof client === "string" ? nameOf(client) : null,
      answer: answer === null ? "no" : "yes",
      ...(refusal !== null && { refusal }),
    };
    if (event === "told") log.debug(facts, "the kernel was told");
    else if (refusal !== null) log.error(facts, "the kernel did not take an answer");
    else if (answer === null) log.warn(facts, "the kernel asked, and the answer was no");
    else log.info(facts, "the kernel asked, and the answer was yes");
  };
}
