import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { outcomeOf, type Outcome } from "../../engine-box/outcome.ts";
import type { Command } from "../../storage/keeper/child.ts";
import type { SpaceNetwork } from "./space-network.ts";

/** How long a command may take, in milliseconds. */
export interface Patience {
  readonly timeout?: number;
}

/** A machine of name spaces, see node.sh. */
export class SpaceNode {
  readonly name: string;
  readonly address: string;
  /** Where its root directory is seen in its own mount name space. */
  readonly root: string;
  readonly #system: string;
  readonly #folder: string;
  readonly #network: SpaceNetwork;
  #life: ChildProcess | null = null;
  #pid = 0;

  constructor(system: string, folder: string, name: string, network: SpaceNetwork, host: number) {
    this.name = name;
    this.address = network.address(host);
    this.root = path.join(folder, "root");
    this.#system = system;
    this.#folder = folder;
    this.#network = network;
  }

  /** It was never on, or is off; its disk is as it was. */
  async boot(): Promise<void> {
    const flags = ["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child"];
    const script = path.join(import.meta.dirname, "node.sh");
    const life = spawn("unshare", [...flags, "sh", script, this.#system, this.#folder, this.name], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#life = life;
    const [said] = (await Promise.race([once(life.stdout, "data"), once(life, "exit")])) as [
      unknown,
    ];
    if (String(said).trim() !== "ready") throw new Error(`${this.name} does not start`);
    // unshare's only child is the machine's first process.
    const { stdout } = await outcomeOf("cat", [`/proc/${life.pid}/task/${life.pid}/children`]);
    this.#pid = Number(stdout.trim());
    await this.#network.plugIn(this.name, this.#pid, this.address);
  }

  /** From now on nobody hears of it, and it hears of nobody. */
  async cut(): Promise<void> {
    await this.#network.cut(this.name);
  }

  /** Pulls its plug. */
  async powerOff(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    const gone = once(life, "exit");
    life.kill("SIGKILL");
    await gone;
  }

  /** A directory of it, as other processes of this machine see it while it is on. */
  seen(place: string): string {
    return `/proc/${this.#pid}/root${this.root}${place}`;
  }

  /** A command that sees the mounts of this machine below {@link root}, and is one of ours otherwise. */
  among(command: string, args: readonly string[]): Command {
    return {
      command: "nsenter",
      args: [`--target=${this.#pid}`, "--mount", "--", command, ...args],
    };
  }

  /** Runs a shell script in it, as root; returns how it ended. */
  run(script: string, { timeout = 120_000 }: Patience = {}): Promise<Outcome> {
    const spaces = ["--mount", "--net", "--uts", "--pid"];
    const enter = [`--target=${this.#pid}`, ...spaces, "--", "chroot", this.root];
    return outcomeOf("nsenter", [...enter, "sh", "-c", script], { timeout });
  }

  /** The same; returns what it printed, trimmed, and throws with its complaint if it fails. */
  async must(script: string, options: Patience = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(script, options);
    if (exitCode === 0) return stdout.trim();
    const [first = ""] = script.split("\n");
    throw new Error(`${this.name}: ${first}: ${stderr.trim() || stdout.trim() || exitCode}`);
  }
}
