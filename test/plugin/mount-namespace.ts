import { spawn, type ChildProcess } from "node:child_process";
import { readlink } from "node:fs/promises";
import process from "node:process";
import { execa } from "execa";
import { until } from "./until.ts";

/** A mount namespace of its own: what is mounted in it never reaches the machine, and goes with it. */
export class MountNamespace {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<MountNamespace> {
    const holder = spawn(
      "unshare",
      // It ends with whoever holds the other side of its pipe.
      [...asRoot, "--mount", "--propagation", "private", "cat"],
      { stdio: ["pipe", "ignore", "ignore"] },
    );
    const ours = await readlink("/proc/self/ns/mnt");
    await until("the namespace is there", async () => {
      const theirs = await readlink(`/proc/${holder.pid}/ns/mnt`).catch(() => ours);
      return theirs !== ours;
    });
    return new MountNamespace(holder);
  }

  /** Starts a program in it; its pid is the program's own. */
  spawn(
    file: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv = process.env,
  ): ChildProcess {
    return spawn("nsenter", [...this.#enter(), file, ...args], {
      env: environment,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** The same as a command to be started later. */
  command(file: string, args: readonly string[]): { command: string; args: string[] } {
    return { command: "nsenter", args: [...this.#enter(), file, ...args] };
  }

  /** Runs a shell command in it and answers what it wrote; fails as it fails. */
  async run(command: string): Promise<string> {
    const { stdout } = await execa("nsenter", [...this.#enter(), "sh", "-c", command]);
    return stdout;
  }

  /** The lines of its mount table that speak of `path`. */
  async mountsAt(path: string): Promise<string[]> {
    const table = await this.run("cat /proc/self/mountinfo");
    return table.split("\n").filter((line) => line.split(" ")[4] === path);
  }

  close(): void {
    this.#holder.kill("SIGKILL");
  }

  #enter(): string[] {
    const user = asRoot.length === 0 ? [] : ["--user", "--preserve-credentials"];
    return ["--target", String(this.#holder.pid), ...user, "--mount", "--"];
  }
}

/** Whoever is not root becomes root in a user namespace, where bind mounts and tmpfs are allowed too. */
const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
