import { randomUUID } from "node:crypto";
import { bounded } from "../../service/bounded.ts";
import type { ContainerHooks } from "../../service/hooks/container-hooks.ts";
import type { HookEngine } from "../../service/hooks/hook-engine.ts";
import { KeyedQueue } from "../../service/keyed-queue.ts";
import type { Log } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";
import { type HookCall, hookCallMs, hookSignMs } from "../../storage/records/hook-call.ts";
import type { NodeIdentity, Storage } from "../../storage/storage.ts";
import type { CatalogCopy } from "../catalog-copy.ts";
import { HookAnswers, type Said } from "./hook-answers.ts";

export interface HookListenerParts {
  readonly storage: Pick<Storage, "answerHook">;
  readonly node: NodeIdentity;
  readonly catalog: Pick<CatalogCopy, "volume">;
  /** Null: this node's containers cannot be asked. */
  readonly docker: { readonly engine: HookEngine; readonly hooks: ContainerHooks } | null;
  /** Settles when what a former life left paused or stopped was looked at. */
  readonly recovered: Promise<unknown>;
  readonly log: Log;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
}

/** A call that containers here take part in. */
interface Course {
  readonly call: HookCall;
  /** Aborted when what is done before the backup is not waited for any more. */
  readonly hurry: AbortController;
  readonly answers: HookAnswers;
  /** When it was last seen to hold. */
  seenAt: number;
  isOver: boolean;
}

const mostPast = 1000;
/** Docker kills a plugin that does not end within ten seconds. */
const stopBoundMs = 3_000;
const nothing: Said = { state: "nothing", consistent: true, notes: [] };

/**
 * Does what containers of this node ask for by their labels when the backup service, on another one, says that a backup
 * begins, and undoes it when that says that it is over, says nothing for three minutes, or after an hour, whatever comes
 * first. What a call says is not believed further than which volumes it is about: commands are those of the labels, and of
 * the volumes only those count that are the app's.
 */
export class HookListener {
  readonly #parts: HookListenerParts;
  readonly #life = randomUUID();
  readonly #queue = new KeyedQueue();
  readonly #courses = new Map<string, Course>();
  /** Calls that are over for this node, whatever they say later. */
  readonly #past = new Set<string>();

  constructor(parts: HookListenerParts) {
    this.#parts = parts;
  }

  /** Whether a call has to be looked after: its end should be seen soon. */
  get isBusy(): boolean {
    return [...this.#courses.values()].some(({ answers }) => answers.isActive);
  }

  /** All calls there are now. What they want takes its time; nobody waits for it here. */
  hear(calls: readonly HookCall[]): void {
    const now = this.#parts.monotonic();
    const there = new Map(calls.map((call) => [call.id, call]));
    for (const [id, course] of this.#courses) {
      const call = there.get(id);
      if (call !== undefined) course.seenAt = now;
      if (call?.phase !== "pre") this.#end(course);
      if (call === undefined) this.#forget(id);
    }
    for (const call of calls) {
      const isKnown = this.#courses.has(call.id) || this.#past.has(call.id);
      if (call.phase === "pre" && !isKnown) this.#begin(call, now);
    }
  }

  /** To be called every now and then: a storage that is away says nothing of calls. */
  round(): void {
    const now = this.#parts.monotonic();
    for (const [id, course] of this.#courses)
      if (now - course.seenAt > hookCallMs) {
        this.#end(course);
        this.#forget(id);
      } else void course.answers.renew(now, hookSignMs);
  }

  /** Brings everything back, and settles within seconds: what is not back by then is by the next life, from its journal. */
  async stop(): Promise<void> {
    const courses = [...this.#courses.values()];
    for (const course of courses) this.#end(course);
    this.#courses.clear();
    const back = courses.map(({ call }) => this.#queue.run(call.app, async () => undefined));
    await bounded(Promise.all(back), stopBoundMs, notYet).catch((error: unknown) =>
      this.#parts.log.warn(
        { reason: messageOf(error) },
        "containers are brought back at the next start",
      ),
    );
  }

  #forget(id: string): void {
    this.#courses.delete(id);
    this.#past.add(id);
    const [oldest] = this.#past;
    if (this.#past.size > mostPast && oldest !== undefined) this.#past.delete(oldest);
  }

  #begin(call: HookCall, now: number): void {
    const { storage, node, log } = this.#parts;
    const life = { node: node.name, nodeId: node.id, life: this.#life };
    const answers = new HookAnswers(storage, call.id, life, log);
    const course = { call, hurry: new AbortController(), answers, seenAt: now, isOver: false };
    this.#courses.set(call.id, course);
    void this.#queue
      .run(call.app, () => this.#pre(course))
      .catch((error: unknown) => log.error({ err: error, app: call.app }, "hooks failed"));
  }

  #end(course: Course): void {
    if (course.isOver) return;
    course.isOver = true;
    course.hurry.abort();
    const { app } = course.call;
    void this.#queue
      .run(app, () => this.#post(course))
      .catch((error: unknown) => this.#parts.log.error({ err: error, app }, "hooks failed"));
  }

  async #pre({ call, hurry, answers }: Course): Promise<void> {
    const { docker, recovered, log } = this.#parts;
    await recovered;
    if (hurry.signal.aborted) return;
    const volumes = call.volumes.filter(
      (name) => this.#parts.catalog.volume(name)?.app === call.app,
    );
    if (docker === null) {
      const note = "its plugin does not see Docker, so that labels of its containers mean nothing";
      return void (await answers.say({ ...nothing, notes: [note] }));
    }
    try {
      const isTheirs = call.engine !== null && call.engine === (await docker.engine.id());
      const isAsked = !isTheirs && (await docker.hooks.isAsked(call.app, volumes));
      if (!isAsked) return void (await answers.say(nothing));
    } catch (error) {
      const note = `its containers could not be asked for: ${messageOf(error)}`;
      return void (await answers.say({ state: "nothing", consistent: false, notes: [note] }));
    }
    if (hurry.signal.aborted) return;
    // Nothing is done that nobody knows of.
    if (!(await answers.say({ state: "begun", consistent: true, notes: [] }))) return;
    const outcome = await docker.hooks.pre(call.app, volumes, hurry.signal);
    log.info({ audit: "hooks", app: call.app, from: call.node, ...outcome }, "before a backup");
    await answers.say({ state: "ready", ...outcome });
  }

  async #post({ call, answers }: Course): Promise<void> {
    const { docker, log } = this.#parts;
    if (docker === null || !answers.isActive) return;
    const outcome = await docker.hooks.post(call.app);
    log.info({ audit: "hooks", app: call.app, from: call.node, ...outcome }, "after a backup");
    await answers.say({ state: "over", ...outcome });
  }
}

function notYet(): Error {
  return new Error("it takes longer than the plugin may wait");
}
