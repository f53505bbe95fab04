import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "./connection.ts";

const patienceMs = 15_000;

/** A process of ours that ends when we say so, or when we end. */
export class PlainProcess {
  readonly #child: ChildProcess;
  readonly pid: number;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** Starts `command` and waits until it listens on `socket`; what it prints is appended to the file `log`. */
  static async listening(
    socket: string,
    log: string,
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<PlainProcess> {
    const file = await open(log, "a");
    const child = spawn(command, args, { env, stdio: ["ignore", file.fd, file.fd] });
    await once(child, "spawn");
    await file.close();
    const started = new PlainProcess(child, child.pid ?? 0);
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        (await Connection.open(socket)).close();
        return started;
      } catch (error) {
        if (child.exitCode !== null || Date.now() > deadline) {
          await started.stop();
          throw new Error(`${command} does not listen on ${socket}: see ${log}`, { cause: error });
        }
        await pause(20);
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
