import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { Socket } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { outcomeOf, type CommandOptions, type Outcome } from "./outcome.ts";

const here = import.meta.dirname;

/** Name spaces and control groups that live as long as this process wants: a machine of its own, without an engine. */
export class Box {
  readonly folder: string;
  /** The box's first process, as the outside counts. `/proc/<pid>/root` is the box's file system. */
  readonly pid: number;
  readonly #life: ChildProcess;

  private constructor(folder: string, pid: number, life: ChildProcess) {
    this.folder = folder;
    this.pid = pid;
    this.#life = life;
  }

  /**
   * Opens a box in `folder` (made if it is missing). `binds` are directories of this machine by the place where the box
   * sees them. The box ends with this process, however this process ends. Needs root.
   */
  static async open(
    folder: string,
    hostname: string,
    binds: Readonly<Record<string, string>> = {},
  ): Promise<Box> {
    await mkdir(folder, { recursive: true });
    const pairs = Object.entries(binds).map(([target, source]) => `${source}:${target}`);
    // In a session of its own: Ctrl-C is for us, and we close the box then.
    const life = spawn("sh", [path.join(here, "box.sh"), folder, hostname, ...pairs], {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let complaint = "";
    life.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
    const pid = await new Promise<number>((resolve, reject) => {
      createInterface({ input: life.stdout }).on("line", (line) => {
        if (line.startsWith("ready ")) resolve(Number(line.slice("ready ".length)));
      });
      life.on("close", () => {
        reject(new Error(`A box for a private Docker Engine needs root: ${complaint.trim()}`));
      });
    });
    // A box must not keep a program alive that has nothing else to do; the program's end closes it.
    life.unref();
    for (const pipe of [life.stdin, life.stdout, life.stderr])
      if (pipe instanceof Socket) pipe.unref();
    return new Box(folder, pid, life);
  }

  /** Runs a command to its end, as on the machine that the box is. */
  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return outcomeOf("sh", this.#enter(command, args), options);
  }

  /** Starts a lasting process in the box; what it prints is appended to the file `log`. */
  async start(command: string, args: readonly string[], log: string): Promise<ChildProcess> {
    const file = createWriteStream(log, { flags: "a" });
    await once(file, "open");
    const child = spawn("sh", this.#enter(command, args), {
      stdio: ["ignore", file, file],
      detached: true,
    });
    child.unref();
    file.close();
    return child;
  }

  /** Ends every process in the box; mounts, network, control groups and the folder (see box.sh) go with them. */
  async close(): Promise<void> {
    if (this.#life.exitCode !== null || this.#life.signalCode !== null) return;
    const gone = once(this.#life, "exit");
    this.#life.ref();
    this.#life.stdin?.end();
    await gone;
  }

  #enter(command: string, args: readonly string[]): string[] {
    return [path.join(here, "enter.sh"), String(this.pid), command, ...args];
  }
}
