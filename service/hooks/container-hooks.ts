import type { Log } from "../log.ts";
import { messageOf } from "../message-of.ts";
import type { HookContainer, HookEngine } from "./hook-engine.ts";
import type { Debt, HookJournal } from "./hook-journal.ts";
import { wishesOf, type HookWishes } from "./hook-wishes.ts";
import type { HookOutcome, Hooks } from "./hooks.ts";

export interface HookSettings {
  /** Milliseconds that a container may be paused or stopped; then it comes back whether the backup is done or not. */
  readonly longestMs: number;
}

const usual: HookSettings = { longestMs: 60 * 60_000 };

/** Hooks in the containers of this node, by their labels. */
export class ContainerHooks implements Hooks {
  readonly #engine: HookEngine;
  readonly #journal: HookJournal;
  readonly #log: Log;
  readonly #settings: HookSettings;
  readonly #watchdogs = new Map<string, NodeJS.Timeout>();
  readonly #late = new Set<string>();
  readonly #undoing = new Map<string, Promise<string[]>>();

  constructor(engine: HookEngine, journal: HookJournal, log: Log, settings: HookSettings = usual) {
    this.#engine = engine;
    this.#journal = journal;
    this.#log = log;
    this.#settings = settings;
  }

  /** Whether a container that mounts one of these volumes has anything to say about backups. */
  async isAsked(app: string, volumes: readonly string[]): Promise<boolean> {
    const containers = await this.#heeded(app, volumes);
    return containers.some((container) => {
      const { wishes, notes } = wishesOf(container);
      return notes.length > 0 || Object.values(wishes).some((wish) => wish !== null);
    });
  }

  async pre(app: string, volumes: readonly string[], signal: AbortSignal): Promise<HookOutcome> {
    // What an earlier run left comes back first, or it would be taken for how it should be.
    const notes = await this.#undo(app);
    const trouble: string[] = [];
    try {
      const containers = await this.#heeded(app, volumes);
      const wishes = containers.map((container) => {
        const { wishes: asked, notes: misread } = wishesOf(container);
        trouble.push(...misread);
        return { container, asked };
      });
      if (wishes.some(({ asked }) => asked.halt !== null)) this.#watch(app);
      // Commands first: in a container that is paused none can be run.
      for (const { container, asked } of wishes)
        if (container.isRunning)
          trouble.push(...(await this.#prepare(app, container, asked, signal)));
      for (const { container, asked } of wishes)
        trouble.push(...(await this.#halt(app, container, asked, signal)));
    } catch (error) {
      trouble.push(`containers could not be asked for: ${messageOf(error)}`);
    }
    return { consistent: trouble.length === 0, notes: [...notes, ...trouble] };
  }

  async post(app: string): Promise<HookOutcome> {
    clearTimeout(this.#watchdogs.get(app));
    this.#watchdogs.delete(app);
    const notes = await this.#undo(app);
    const isLate = this.#late.delete(app);
    if (isLate)
      notes.push(
        `its containers were brought back before the backup was done, which took longer than ${Math.round(this.#settings.longestMs / 60_000)} min: this version may be inconsistent`,
      );
    return { consistent: notes.length === 0, notes };
  }

  async recover(): Promise<readonly string[]> {
    const notes = await Promise.all(this.#journal.apps.map((app) => this.#undo(app)));
    return notes.flat();
  }

  /** Those that run, or do not only because another app is being saved. */
  async #heeded(app: string, volumes: readonly string[]): Promise<readonly HookContainer[]> {
    const containers = await this.#engine.containersOf(volumes);
    return containers.filter(
      ({ isRunning, id }) => isRunning || this.#journal.ofAnother(app, id) !== null,
    );
  }

  async #prepare(
    app: string,
    { id, name }: HookContainer,
    { pre, post }: HookWishes,
    signal: AbortSignal,
  ): Promise<string[]> {
    if (post !== null)
      await this.#journal.add({ app, kind: "post", target: id, name, command: post });
    return pre === null || signal.aborted ? [] : this.#run(id, name, pre, signal);
  }

  async #halt(
    app: string,
    container: HookContainer,
    { halt }: HookWishes,
    signal: AbortSignal,
  ): Promise<string[]> {
    if (halt === null || signal.aborted) return [];
    const { id, name, service } = container;
    try {
      if (halt === "stop" && service !== null) await this.#scaleDown(app, service);
      else {
        // It has volumes of another app as well, whose backup goes on: whoever is done last brings it back.
        const isHalted = this.#journal.ofAnother(app, id) !== null;
        await this.#journal.add({ app, kind: halt, target: id, name });
        if (!isHalted) await (halt === "stop" ? this.#engine.stop(id) : this.#engine.pause(id));
      }
      return [];
    } catch (error) {
      return [
        `container "${name}" could not be ${halt === "stop" ? "stopped" : "paused"}: ${messageOf(error)}`,
      ];
    }
  }

  async #scaleDown(
    app: string,
    service: { readonly id: string; readonly name: string },
  ): Promise<void> {
    const { id, name } = service;
    if (this.#journal.of(app).some(({ target }) => target === id)) return; // another task of it
    // What another app's backup has scaled down says nothing of how it should be.
    const replicas =
      this.#journal.ofAnother(app, id)?.replicas ?? (await this.#engine.replicas(id));
    // None, and a task runs here still: another node has scaled it down for the same backup, and will bring it back.
    if (replicas > 0) await this.#journal.add({ app, kind: "scale", target: id, name, replicas });
    await this.#engine.scale(id, 0);
  }

  /** Once at a time for an app: the watchdog may come when the backup is just done. */
  #undo(app: string): Promise<string[]> {
    const running = this.#undoing.get(app) ?? this.#undoAll(app);
    this.#undoing.set(app, running);
    return running.finally(() => this.#undoing.delete(app));
  }

  async #undoAll(app: string): Promise<string[]> {
    const notes: string[] = [];
    const debts = this.#journal.of(app);
    const commands = debts.filter(({ kind }) => kind === "post");
    const halted = debts.filter(({ kind }) => kind !== "post");
    // In the other order than it was done, and commands only in containers that run again.
    for (const debt of [...halted.toReversed(), ...commands]) {
      try {
        // Looked at and forgotten in one go: of two who are done at once one sees the other.
        if (debt.kind !== "post" && this.#journal.ofAnother(app, debt.target) !== null) {
          await this.#journal.remove(debt);
          continue;
        }
        notes.push(...(await this.#pay(debt)));
        await this.#journal.remove(debt);
      } catch (error) {
        notes.push(`"${debt.name}" could not be brought back yet: ${messageOf(error)}`);
        this.#log.error({ app, name: debt.name, reason: messageOf(error) }, "not brought back yet");
        this.#tryAgain(app);
      }
    }
    return notes;
  }

  async #pay(debt: Debt): Promise<string[]> {
    const { kind, target, name, replicas = 1, command = "" } = debt;
    if (kind === "pause") await this.#engine.unpause(target);
    if (kind === "stop") await this.#engine.start(target);
    if (kind === "scale") await this.#engine.scale(target, replicas);
    // A command that fails is not run again and again.
    return kind === "post" ? this.#run(target, name, command, new AbortController().signal) : [];
  }

  async #run(id: string, name: string, command: string, signal: AbortSignal): Promise<string[]> {
    try {
      const { exitCode, output } = await this.#engine.run(id, command, signal);
      if (exitCode === 0) return [];
      const said = output.trim() === "" ? "" : `: ${output.trim().split("\n").at(-1)}`;
      return [`the command "${command}" in container "${name}" ended with ${exitCode}${said}`];
    } catch (error) {
      return [`the command "${command}" in container "${name}" failed: ${messageOf(error)}`];
    }
  }

  #watch(app: string): void {
    clearTimeout(this.#watchdogs.get(app));
    const timer = setTimeout(() => {
      this.#late.add(app);
      this.#log.warn({ app }, "containers are brought back although the backup is not done");
      void this.#undo(app);
    }, this.#settings.longestMs);
    timer.unref();
    this.#watchdogs.set(app, timer);
  }

  #tryAgain(app: string): void {
    const again = setTimeout(() => void this.#undo(app), 30_000);
    again.unref();
  }
}
