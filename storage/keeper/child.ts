import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { UserError } from "../../service/user-error.ts";
import { StorageUnavailable } from "../unavailable.ts";
import { startDeadlineMs } from "./deadlines.ts";
import { pulseOf } from "./pulse.ts";
import type { Answer, Failure, Method, Question, Welcome } from "./protocol.ts";

/** How a keeper is started: a program with arguments, which gets an IPC channel. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** The child ended, or was killed, before it answered: the call may be made again. */
export class ChildGone extends Error {
  override readonly name = "ChildGone";
}

/** The child did not answer in time and was killed. */
export class ChildHung extends Error {
  override readonly name = "ChildHung";
  /** When the call began that was not answered, in milliseconds since 1970. */
  readonly since: number;
  readonly child: Child;

  constructor(since: number, child: Child) {
    super("the file system does not answer");
    this.since = since;
    this.child = child;
  }
}

/** Of a deadline: how long before its end it is looked whether the child stirs. */
const lookShare = 1 / 4;
/** A child that stirs has this many times as long, and no longer: another call may be what stirs in it. */
const mostTimes = 2.5;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly begun: number;
  readonly killAfter: number;
  timer: NodeJS.Timeout | null;
}

/**
 * One keeper process, and the calls it has not answered yet. One that works, or waits for a processor of a machine that is
 * overloaded, is slow, and is waited for longer; one that sleeps hangs in the file system.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #startTimer: NodeJS.Timeout;
  #ready = false;
  #alive = true;
  #next = 1;
  /** Settles when the process is gone for good, which a process that hangs in the kernel is not by being killed. */
  readonly exited: Promise<void>;

  constructor(command: Command, welcome: Welcome) {
    this.#process = spawn(command.command, command.args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, UV_THREADPOOL_SIZE: "8" },
    });
    this.exited = new Promise((resolve) => {
      this.#process.once("exit", () => resolve());
      this.#process.once("error", () => resolve());
    });
    this.#process.once("exit", (code, signal) =>
      this.#end(new ChildGone(`the keeper ended (${signal ?? code})`)),
    );
    this.#process.on("error", (error) =>
      this.#end(new Error(`the keeper cannot be started: ${error.message}`)),
    );
    this.#process.on("message", (message) => this.#receive(message));
    this.#startTimer = setTimeout(
      () => this.#hang(Date.now() - startDeadlineMs),
      startDeadlineMs,
    ).unref();
    this.#hold();
    this.#send(welcome);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** False once it was killed, ended, or could not be started. */
  get alive(): boolean {
    return this.#alive;
  }

  get busy(): boolean {
    return this.#pending.size > 0;
  }

  /** Kills itself `killAfter` ms later, if nothing stirs in it. Rejects with what the storage says, or {@link ChildHung}, or {@link ChildGone}. */
  call(method: Method, args: readonly unknown[], killAfter: number): Promise<unknown> {
    const id = this.#next;
    this.#next += 1;
    return new Promise<unknown>((resolve, reject) => {
      const pending: Pending = { resolve, reject, begun: Date.now(), killAfter, timer: null };
      this.#pending.set(id, pending);
      this.#hold();
      if (this.#ready) this.#watch(pending);
      this.#send({ id, method, args });
    });
  }

  /** Ends it without waiting: it may hang in the kernel, where nothing reaches it until the file system answers. */
  kill(): void {
    this.#process.kill("SIGKILL");
    this.#end(new ChildGone("the keeper was stopped"));
  }

  #receive(message: unknown): void {
    // What our own child sends over its own channel is what the protocol says.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const answer = message as Answer;
    if (answer.kind === "ready") {
      this.#ready = true;
      clearTimeout(this.#startTimer);
    }
    if (answer.kind === "ready" || answer.kind === "progress") {
      for (const pending of this.#pending.values()) this.#watch(pending);
      return;
    }
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    this.#hold();
    clearTimeout(pending.timer ?? undefined);
    if (answer.kind === "result") pending.resolve(answer.result);
    else pending.reject(errorOf(answer.failure));
  }

  /** Keeps the parent running while a call waits for its answer, and no longer. */
  #hold(): void {
    const holds = this.#pending.size > 0 ? "ref" : "unref";
    this.#process[holds]();
    this.#process.channel?.[holds]();
  }

  #watch(pending: Pending): void {
    const look = pending.killAfter * lookShare;
    this.#wait(pending, pending.killAfter - look, () => this.#listen(pending, look));
  }

  #listen(pending: Pending, look: number): void {
    const before = this.#pulse();
    this.#wait(pending, look, () => {
      const now = this.#pulse();
      const stirs = before !== null && now !== null && now > before;
      const isOver = Date.now() - pending.begun >= pending.killAfter * mostTimes;
      if (stirs && !isOver) this.#listen(pending, look);
      else this.#hang(pending.begun);
    });
  }

  #pulse(): bigint | null {
    return this.pid === undefined ? null : pulseOf(this.pid);
  }

  #wait(pending: Pending, ms: number, then: () => void): void {
    clearTimeout(pending.timer ?? undefined);
    pending.timer = setTimeout(then, ms).unref();
  }

  #hang(since: number): void {
    this.#process.kill("SIGKILL");
    this.#end(new ChildHung(since, this));
  }

  #end(error: Error): void {
    this.#alive = false;
    clearTimeout(this.#startTimer);
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    this.#hold();
    for (const { timer, reject } of calls) {
      clearTimeout(timer ?? undefined);
      reject(error);
    }
  }

  #send(message: Welcome | Question): void {
    if (!this.#process.connected) return; // its end is told by "exit" or "error"
    this.#process.send(message, () => {});
  }
}

function errorOf(failure: Failure): Error {
  if (failure.kind !== "internal") {
    const { kind, code, message } = failure;
    return kind === "storage" ? new StorageUnavailable(message) : new UserError(code, message);
  }
  const error = new Error(failure.message);
  error.stack = failure.stack;
  return error;
}
