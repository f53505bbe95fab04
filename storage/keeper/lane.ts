import { accessSync, constants } from "node:fs";
import { Child, ChildGone, type Command } from "./child.ts";
import type { Method, Welcome } from "./protocol.ts";

/**
 * Calls of one kind, all made by one child at a time, which is started when it is needed and ends when it had nothing
 * to do for a while. A child that ends by itself is replaced, and its calls are made again, once.
 */
export class Lane {
  readonly #command: Command;
  readonly #welcome: () => Welcome;
  readonly #idleMs: number;
  #child: Child | null = null;
  #closed = false;
  #idleTimer: NodeJS.Timeout | null = null;

  constructor(command: Command, welcome: () => Welcome, idleMs: number) {
    this.#command = command;
    this.#welcome = welcome;
    this.#idleMs = idleMs;
  }

  /** The process that works now, for those who watch it. */
  get child(): Child | null {
    return this.#child;
  }

  async call(method: Method, args: readonly unknown[], killAfter: number): Promise<unknown> {
    try {
      return await this.#call(method, args, killAfter);
    } catch (error) {
      if (!(error instanceof ChildGone) || this.#closed) throw error;
      return await this.#call(method, args, killAfter); // every call may be repeated: Storage says so
    }
  }

  /** Ends the child, whatever it does; from then on every call fails. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idleTimer ?? undefined);
    this.#child?.kill();
    this.#child = null;
  }

  async #call(method: Method, args: readonly unknown[], killAfter: number): Promise<unknown> {
    if (this.#closed) throw new ChildGone("the storage is closed");
    clearTimeout(this.#idleTimer ?? undefined);
    if (this.#child?.alive !== true) this.#child = new Child(this.#command, this.#welcome());
    const child = this.#child;
    try {
      return await child.call(method, args, killAfter);
    } finally {
      if (!child.busy && child === this.#child) this.#rest(child);
    }
  }

  #rest(child: Child): void {
    clearTimeout(this.#idleTimer ?? undefined);
    this.#idleTimer = setTimeout(() => {
      if (child.busy) return;
      child.kill();
      if (child === this.#child) this.#child = null;
    }, this.#idleMs).unref();
  }
}

/** The same command at idle priority, for the processor and, where ionice(1) is there, for the disk. */
export function atIdlePriority({ command, args }: Command): Command {
  const idle = [...args, "--idle"];
  const ionice = ["/usr/bin/ionice", "/bin/ionice"].find(isExecutable);
  return ionice === undefined
    ? { command, args: idle }
    : { command: ionice, args: ["-c3", command, ...idle] };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
