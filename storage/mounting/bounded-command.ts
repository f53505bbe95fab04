import { readFile } from "node:fs/promises";
import process from "node:process";
import { execa, ExecaError } from "execa";

/** A program that failed, or did not end in time. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly command: string;
  /** What it wrote to stderr, or why there is nothing of the kind. */
  readonly reason: string;
  readonly timedOut: boolean;
  /** The program is not there at all. */
  readonly missing: boolean;
  /** With what it ended by itself; null: it did not begin, or was killed. */
  readonly exitCode: number | null;

  constructor(
    command: string,
    failure: Pick<CommandFailed, "reason" | "timedOut" | "missing"> &
      Partial<Pick<CommandFailed, "exitCode">>,
    options?: ErrorOptions,
  ) {
    super(`${command} failed: ${failure.reason}`, options);
    this.command = command;
    this.reason = failure.reason;
    this.timedOut = failure.timedOut;
    this.missing = failure.missing;
    this.exitCode = failure.exitCode ?? null;
  }
}

/** How long a program has to end once what it waits for was killed, in milliseconds. */
const lastWordsMs = 300;

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

/** The same, and answers what it wrote to stdout. */
export async function readBounded(
  command: string,
  args: readonly string[],
  boundMs: number,
): Promise<string> {
  const child = execa(command, args, {
    killDescendants: true,
    stdin: "ignore",
    env: { LC_ALL: "C" },
  });
  // A child in uninterruptible sleep does not die when killed; our own clock does not wait for it.
  const late = Promise.withResolvers<never>();
  let isLate = false;
  const timers = [
    setTimeout(() => {
      isLate = true;
      void killChildrenOf(child.pid);
    }, boundMs),
    setTimeout(() => child.kill("SIGKILL"), boundMs + lastWordsMs),
    setTimeout(() => late.reject(overdue(command, boundMs)), boundMs + 700),
  ];
  try {
    const { stdout } = await Promise.race([child, late.promise]);
    // What a program says that was robbed of its children is worth nothing.
    if (isLate) throw overdue(command, boundMs);
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (isLate) throw overdue(command, boundMs, error);
    const reason = (error.stderr ?? "").trim() || error.shortMessage;
    const missing = error.code === "ENOENT";
    const exitCode = error.exitCode ?? null;
    throw new CommandFailed(
      command,
      { reason, timedOut: false, missing, exitCode },
      { cause: error },
    );
  } finally {
    for (const timer of timers) clearTimeout(timer);
    child.catch(() => {}); // told already
  }
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
