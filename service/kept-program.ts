import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { writeFileAtomic } from "./atomic-file.ts";
import { UserError } from "./user-error.ts";

export interface KeptProgramParts {
  readonly program: string;
  readonly args: readonly string[];
  /** Besides our own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Not on a disk: it is about a process. */
  readonly pidFile: string;
  /** Whether it does what it is there for. */
  readonly isReady: (pid: number) => Promise<boolean>;
  /** Before each start. */
  readonly prepare?: () => Promise<void>;
  /** For messages: `which remembers NFS clients over a restart`. */
  readonly purpose: string;
  /** What to look at when it does not start, with its full stop left out. */
  readonly advice: string;
  /** Hears when it has ended, and why it cannot be started again. */
  readonly told: (text: string, error?: unknown) => void;
}

const startBoundMs = 10_000;
const stopBoundMs = 2_000;
const lookEveryMs = 1_000;
const firstLooksMs = 20;

/**
 * A program that must run as long as something in the kernel does, and so outlives this process: a later one finds it by its
 * pid. While this process is there it is started again whenever it ends.
 */
export class KeptProgram {
  readonly #parts: KeptProgramParts;
  #watching: AbortController | null = null;
  #starting: Promise<void> | null = null;

  constructor(parts: KeptProgramParts) {
    this.#parts = parts;
  }

  /** When this settles it is ready; from then on it is started again when it ends. Throws `unavailable`. */
  async start(): Promise<void> {
    await this.#ensure();
    if (this.#watching !== null) return;
    const watching = new AbortController();
    this.#watching = watching;
    void this.#watch(watching.signal);
  }

  /** Not watched any more; it goes on. For when only this process ends. */
  leave(): void {
    this.#watching?.abort();
    this.#watching = null;
  }

  async stop(): Promise<void> {
    this.leave();
    const pid = await this.pid();
    if (pid === null) return;
    process.kill(pid, "SIGTERM");
    const until = performance.now() + stopBoundMs;
    while ((await this.pid()) !== null) {
      if (performance.now() > until) {
        process.kill(pid, "SIGKILL");
        return;
      }
      await delay(firstLooksMs);
    }
  }

  /** Its process, if it runs: by the file, and by its name, for a number may be somebody else's by now. */
  async pid(): Promise<number | null> {
    try {
      const pid = Number(await readFile(this.#parts.pidFile, "utf8"));
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(stat) ?? [];
      const isOurs = name === basename(this.#parts.program).slice(0, 15);
      return isOurs && state !== "Z" ? pid : null;
    } catch {
      return null;
    }
  }

  /** Whoever comes meanwhile waits for the same start: there is never a second one. */
  #ensure(): Promise<void> {
    this.#starting ??= this.#begin().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #begin(): Promise<void> {
    if ((await this.pid()) !== null) return;
    const { program, args, environment, pidFile, isReady, prepare } = this.#parts;
    await prepare?.();
    await mkdir(dirname(pidFile), { recursive: true });
    // In a session of its own: what ends us does not end it.
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...environment },
    });
    let failure: Error | null = null;
    child.on("error", (error) => (failure = error));
    child.unref();
    if (child.pid !== undefined) await writeFileAtomic(pidFile, `${child.pid}\n`);
    const until = performance.now() + startBoundMs;
    while (child.pid === undefined || !(await isReady(child.pid))) {
      const hasEnded = failure !== null || child.exitCode !== null || child.signalCode !== null;
      if (hasEnded || performance.now() > until) {
        child.kill("SIGKILL");
        throw this.#didNotStart(hasEnded, failure);
      }
      await delay(firstLooksMs);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { program, told } = this.#parts;
    for (;;) {
      await delay(lookEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      if ((await this.pid()) !== null) continue;
      told(`${basename(program)} has ended; it is started again`);
      await this.#ensure().catch((error: unknown) => {
        told(`${basename(program)} cannot be started; it is tried again`, error);
      });
    }
  }

  #didNotStart(hasEnded: boolean, cause: Error | null): UserError {
    const { program, purpose, advice } = this.#parts;
    const what = hasEnded ? "has ended at once" : `is not ready after ${startBoundMs / 1000} s`;
    const why = cause === null ? "" : ` (${cause.message})`;
    return new UserError(
      "unavailable",
      `${program}, ${purpose}, ${what}${why}. Its own lines above say why; ${advice}`,
      { cause },
    );
  }
}
