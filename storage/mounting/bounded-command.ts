import { spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { messageOf } from "../../service/message-of.ts";

/** A program that failed, or did not end in time. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly command: string;
  /** What it wrote to stderr, or why there is nothing of the kind. */
  readonly reason: string;
  readonly timedOut: boolean;
  /** The program is not there at all. */
  readonly missing: boolean;

  constructor(
    command: string,
    failure: Pick<CommandFailed, "reason" | "timedOut" | "missing">,
    options?: ErrorOptions,
  ) {
    super(`${command} failed: ${failure.reason}`, options);
    this.command = command;
    this.reason = failure.reason;
    this.timedOut = failure.timedOut;
    this.missing = failure.missing;
  }
}

/** How long a program has to end once what it waits for was killed, in milliseconds. */
const lastWordsMs = 300;
/** Of each stream this many characters are kept: far more than any program of ours writes. */
const mostText = 16 * 1024 * 1024;

/** Programs that run now: they end with us. */
const running = new Set<ChildProcess>();

/**
 * Runs a program that may hang in the kernel, as mount(8) does, with everything it starts; all of it is killed
 * `boundMs` milliseconds later. Throws {@link CommandFailed} within a second of that, even if it cannot be killed.
 */
export async function runBounded(
  command: string,
  args: readonly string[],
  boundMs: number,
): Promise<void> {
  await readBounded(command, args, boundMs);
}

/**
 * The same, and answers what it wrote to stdout. Not by a library for child processes: what that does for each start costs
 * more than the start itself, and each volume that is mounted or taken away needs one.
 */
export async function readBounded(
  command: string,
  args: readonly string[],
  boundMs: number,
): Promise<string> {
  const child = start(command, args);
  // A child in uninterruptible sleep does not die when killed; our own clock does not wait for it.
  const late = Promise.withResolvers<never>();
  let isLate = false;
  const timers = [
    setTimeout(() => {
      isLate = true;
      void killChildrenOf(child.pid);
    }, boundMs),
    setTimeout(() => killGroup(child), boundMs + lastWordsMs),
    setTimeout(() => late.reject(overdue(command, boundMs)), boundMs + 700),
  ];
  try {
    const stdout = await Promise.race([wordsOf(child, command), late.promise]);
    // What a program says that was robbed of its children is worth nothing.
    if (isLate) throw overdue(command, boundMs);
    return stdout;
  } catch (error) {
    throw isLate ? overdue(command, boundMs, error) : error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** In a process group of its own, so that all that it starts can be killed with it. */
function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawned(command, args);
  if (running.size === 0) process.on("exit", killAll);
  running.add(child);
  const ended = (): void => {
    running.delete(child);
    if (running.size === 0) process.off("exit", killAll);
  };
  child.once("close", ended);
  child.once("error", ended);
  return child;
}

/** Some failures, as of a machine without memory, are thrown at once; others are events. */
function spawned(command: string, args: readonly string[]): ChildProcess {
  try {
    return spawn(command, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
  } catch (error) {
    throw notStarted(command, error);
  }
}

function notStarted(command: string, error: unknown): CommandFailed {
  const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
  const failure = { reason: messageOf(error), timedOut: false, missing };
  return new CommandFailed(command, failure, { cause: error });
}

function killAll(): void {
  for (const child of running) killGroup(child);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** What it writes to stdout until it ends and its streams are closed. */
function wordsOf(child: ChildProcess, command: string): Promise<string> {
  const out = textOf(child.stdout);
  const err = textOf(child.stderr);
  const answer = Promise.withResolvers<string>();
  child.once("error", (error) => answer.reject(notStarted(command, error)));
  child.once("close", (code, signal) => {
    if (code === 0) return answer.resolve(out());
    const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
    const failure = { reason: err().trim() || how, timedOut: false, missing: false };
    answer.reject(new CommandFailed(command, failure));
  });
  answer.promise.catch(() => {}); // whoever waits may have been told that it is late
  return answer.promise;
}

/** What a stream has said so far, without the newline at its end. */
function textOf(stream: ChildProcess["stdout"]): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (piece: string) => {
    if (text.length < mostText) text += piece;
  });
  return () => text.replace(/\r?\n$/, "");
}

/**
 * mount(8) waits for a helper of its own, and so ends when that is killed. Killed together they would leave the helper to
 * the first process of the container, which is Node.js and buries nobody but its own children: a zombie for each.
 */
async function killChildrenOf(pid: number | undefined): Promise<void> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  for (const each of list.split(" ").filter(Boolean))
    try {
      process.kill(Number(each), "SIGKILL");
    } catch {
      // It has just ended.
    }
}

function overdue(command: string, boundMs: number, cause?: unknown): CommandFailed {
  const reason = `no answer within ${boundMs / 1000} s`;
  return new CommandFailed(command, { reason, timedOut: true, missing: false }, { cause });
}
