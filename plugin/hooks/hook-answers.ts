import { setTimeout as delay } from "node:timers/promises";
import type { HookOutcome } from "../../service/hooks/hooks.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import type { HookAnswer } from "../../storage/records/hook-call.ts";
import type { Storage } from "../../storage/storage.ts";

export interface Said extends HookOutcome {
  readonly state: HookAnswer["state"];
}

const againMs = 3_000;
const attempts = 4;
/** As many as the record holds. */
const mostNotes = 100;
const longestNote = 2000;

/** What this node says to one call, step by step, and again and again while it is at it. */
export class HookAnswers {
  readonly #storage: Pick<Storage, "answerHook">;
  readonly #id: string;
  readonly #life: Pick<HookAnswer, "node" | "nodeId" | "life">;
  readonly #log: Log;
  #said: Said | null = null;
  #saidAt = -Infinity;

  constructor(
    storage: Pick<Storage, "answerHook">,
    id: string,
    life: Pick<HookAnswer, "node" | "nodeId" | "life">,
    log: Log,
  ) {
    this.#storage = storage;
    this.#id = id;
    this.#life = life;
    this.#log = log;
  }

  /** Something was begun that has to come to an end. */
  get isActive(): boolean {
    return this.#said?.state === "begun" || this.#said?.state === "ready";
  }

  /** False: nobody waits for it, or it cannot be said; then nothing more need be done for this call. */
  async say(said: Said): Promise<boolean> {
    // What was done is so, whether or not it can be said now.
    if (said.state !== "begun") this.#said = said;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        await this.#put(said);
        this.#said = said;
        return true;
      } catch (error) {
        if (error instanceof UserError && error.code === "not-found") break;
        if (error instanceof UserError && error.code === "conflict") return this.#interrupted();
        this.#log.debug({ reason: messageOf(error) }, "it could not be answered; tried again");
        if (attempt < attempts) await delay(againMs, undefined, { ref: false });
      }
    }
    return false;
  }

  /** Says the same again if that is longer ago than so many milliseconds: this node is alive, and at it. */
  async renew(now: number, everyMs: number): Promise<void> {
    if (this.#said === null || !this.isActive || now - this.#saidAt < everyMs) return;
    this.#saidAt = now;
    await this.#put(this.#said).catch(() => undefined);
  }

  async #interrupted(): Promise<boolean> {
    const notes = [
      "its plugin was started anew in the middle of it, and brought its containers back before the backup was done",
    ];
    await this.#put({ state: "over", consistent: false, notes }).catch(() => undefined);
    return false;
  }

  async #put({ state, consistent, notes }: Said): Promise<void> {
    await this.#storage.answerHook?.(this.#id, {
      schema: 1,
      ...this.#life,
      state,
      consistent,
      notes: notes.slice(0, mostNotes).map((note) => note.slice(0, longestNote)),
    });
  }
}
