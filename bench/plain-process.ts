import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "./connection.ts";

const patienceMs = 15_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process of ours that ends when we say so, or when we end. */
export class PlainProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
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
    running.add(child);
    child.once("exit", () => running.delete(child));
    await once(child, "spawn");
    await file.close();
    const started = new PlainProcess(child);
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
