import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { RollCall } from "../../storage/records/roll-call.ts";
import type { Storage } from "../../storage/storage.ts";
import { type ExaminationParts, selfExamination, tryScratch } from "./self-examination.ts";

const againMs = 3_000;
const attempts = 4;

/** Answers other nodes that ask all to look at themselves: each call once. */
export class RollListener {
  readonly #storage: Pick<Storage, "answerRoll">;
  readonly #parts: ExaminationParts;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  #heard: ReadonlySet<string> = new Set();

  constructor(
    storage: Pick<Storage, "answerRoll">,
    parts: ExaminationParts,
    log: Log,
    signal: AbortSignal,
  ) {
    this.#storage = storage;
    this.#parts = parts;
    this.#log = log;
    this.#signal = signal;
  }

  /** All calls there are now. Answering them takes its time; nobody waits for it here. */
  hear(calls: readonly RollCall[]): void {
    const heard = this.#heard;
    this.#heard = new Set(calls.map(({ id }) => id));
    for (const call of calls)
      if (call.nodeId !== this.#parts.node.id && !heard.has(call.id)) void this.#answer(call);
  }

  async #answer(call: RollCall): Promise<void> {
    const scratch = await tryScratch(this.#parts, call);
    const answer = await selfExamination(this.#parts, scratch);
    for (let attempt = 1; attempt <= attempts && !this.#signal.aborted; attempt += 1) {
      try {
        await this.#storage.answerRoll?.(call.id, answer, this.#parts.node);
        this.#log.info({ from: call.node }, "a node asked all others how they are; answered");
        return;
      } catch (error) {
        if (error instanceof UserError && error.code === "not-found") return;
        this.#log.debug({ reason: messageOf(error) }, "it could not be answered; tried again");
        await delay(againMs, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    }
  }
}
