import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, rfc3339 } from "../../service/clock.ts";
import type { HookEngine } from "../../service/hooks/hook-engine.ts";
import type { HookOutcome, Hooks } from "../../service/hooks/hooks.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import {
  type GivenHookAnswer,
  type HookCall,
  hookSignMs,
} from "../../storage/records/hook-call.ts";
import type { DirectoryStorage } from "../../storage/directory/directory-storage.ts";
import {
  begunOutcome,
  busyNodes,
  endedOutcome,
  type NodePatience,
  silentNodes,
  usualNodePatience,
} from "./node-answers.ts";

export interface NodeHooksParts {
  readonly storage: Pick<
    DirectoryStorage,
    "callHooks" | "hookAnswers" | "endHooks" | "hookHolders" | "list"
  >;
  /** Of the containers beside this service. */
  readonly own: Hooks;
  /** The engine that these are asked of; null: they are not. */
  readonly engine: Pick<HookEngine, "id"> | null;
  /** What this service's node is called. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly patience?: NodePatience;
}

interface Run {
  call: HookCall;
  readonly renewal: NodeJS.Timeout;
  /** The last that was said, so that nothing older comes after it. */
  saying: Promise<void>;
  readonly signal: AbortSignal;
  /** Of the nodes whose containers were asked for something, what they said when the backup began. */
  tookPart: readonly GivenHookAnswer[];
}

const fine: HookOutcome = { consistent: true, notes: [] };

/**
 * Hooks in the containers of all nodes: those beside this service by itself, those of others by their plugins, which are
 * asked through the storage. No node is waited for longer than the patience says, and without one that has the volumes
 * mounted nobody is asked.
 */
export class NodeHooks implements Hooks {
  readonly #parts: NodeHooksParts;
  readonly #patience: NodePatience;
  readonly #runs = new Map<string, Run>();

  constructor(parts: NodeHooksParts) {
    this.#parts = parts;
    this.#patience = parts.patience ?? usualNodePatience;
  }

  /** The others first: they take their time to notice, and the containers beside us need not stand still meanwhile. */
  async pre(app: string, volumes: readonly string[], signal: AbortSignal): Promise<HookOutcome> {
    const others = await this.#begin(app, volumes, signal).catch(notAsked);
    return both(others, await this.#parts.own.pre(app, volumes, signal));
  }

  async post(app: string): Promise<HookOutcome> {
    const own = await this.#parts.own.post(app);
    const run = this.#runs.get(app);
    if (run === undefined) return own;
    this.#runs.delete(app);
    const others = await this.#end(run).catch(notAsked);
    clearInterval(run.renewal);
    await run.saying;
    // Whoever has not heard of the end hears of nothing any more, which is the same.
    await this.#drop(run.call.id);
    return both(own, others);
  }

  async recover(): Promise<readonly string[]> {
    const { storage, own, node } = this.#parts;
    const notes = await own.recover();
    const { hookCalls = [] } = await storage.list();
    for (const call of hookCalls) if (call.node === node) await this.#drop(call.id);
    return notes;
  }

  async #begin(app: string, volumes: readonly string[], signal: AbortSignal): Promise<HookOutcome> {
    const { storage, engine, node, clock } = this.#parts;
    const holders = await storage.hookHolders(volumes);
    if (holders.live.length + holders.leased.length === 0) return fine;
    const call: HookCall = {
      schema: 1,
      id: randomUUID(),
      app,
      volumes: [...volumes],
      phase: "pre",
      engine: (await engine?.id().catch(() => null)) ?? null,
      node,
      calledAt: rfc3339(clock.now()),
    };
    await storage.callHooks(call);
    const renewal = setInterval(() => {
      run.saying = this.#renew(run.call);
    }, hookSignMs);
    renewal.unref();
    const saying = Promise.resolve();
    const run: Run = { call, renewal, saying, signal, tookPart: [] };
    this.#runs.set(app, run);
    const { noticeMs, doneMs } = this.#patience;
    const answers = await this.#until(call.id, signal, (given, waitedMs) => {
      const isSilent = silentNodes(holders, given).length > 0 && waitedMs < noticeMs;
      const isBusy = busyNodes(given, ["begun"], this.#patience).length > 0 && waitedMs < doneMs;
      return !isSilent && !isBusy;
    });
    run.tookPart = answers.filter(({ state }) => state !== "nothing");
    return signal.aborted ? fine : begunOutcome(holders, answers, this.#patience);
  }

  async #end(run: Run): Promise<HookOutcome> {
    const { storage } = this.#parts;
    const { call, signal, tookPart } = run;
    if (signal.aborted || tookPart.length === 0) return fine;
    const before = await storage.hookAnswers(call.id);
    const early = before.filter(({ state }) => state === "over").map(({ nodeId }) => nodeId);
    await run.saying;
    run.call = { ...call, phase: "post" };
    await storage.callHooks(run.call);
    const { doneMs } = this.#patience;
    const answers = await this.#until(call.id, signal, (given, waitedMs) => {
      const busy = busyNodes(given, ["begun", "ready"], this.#patience);
      return waitedMs >= doneMs || busy.length === 0;
    });
    return signal.aborted ? fine : endedOutcome(answers, tookPart, new Set(early));
  }

  /** Asks for answers until they are enough, or nobody wants to know any more. */
  async #until(
    id: string,
    signal: AbortSignal,
    isEnough: (answers: readonly GivenHookAnswer[], waitedMs: number) => boolean,
  ): Promise<readonly GivenHookAnswer[]> {
    const began = performance.now();
    for (;;) {
      const answers = await this.#parts.storage.hookAnswers(id);
      if (signal.aborted || isEnough(answers, performance.now() - began)) return answers;
      await delay(this.#patience.everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #renew(call: HookCall): Promise<void> {
    await this.#parts.storage
      .callHooks(call)
      .catch((error: unknown) =>
        this.#parts.log.warn(
          { app: call.app, reason: messageOf(error) },
          "other nodes could not be told that their containers should go on standing still",
        ),
      );
  }

  async #drop(id: string): Promise<void> {
    await this.#parts.storage
      .endHooks(id)
      .catch((error: unknown) =>
        this.#parts.log.warn(
          { reason: messageOf(error) },
          "a call to the nodes could not be taken away; after three minutes it means nothing",
        ),
      );
  }
}

function both(one: HookOutcome, two: HookOutcome): HookOutcome {
  return {
    consistent: one.consistent && two.consistent,
    notes: [...one.notes, ...two.notes],
  };
}

function notAsked(error: unknown): HookOutcome {
  const note = `the other nodes could not be asked to do what their containers want: ${messageOf(error)}`;
  return { consistent: false, notes: [note] };
}
