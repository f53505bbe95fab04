import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { execa } from "execa";

/** An Ethernet for machines of name spaces, with no way out. */
export class SpaceNetwork {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<SpaceNetwork> {
    const setUp =
      "ip link add lan type bridge && ip link set lan up && echo ready && cat >/dev/null";
    const holder = spawn("unshare", ["--net", "--kill-child", "sh", "-c", setUp], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
    if (holder.exitCode !== null) throw new Error("there is no network");
    return new SpaceNetwork(holder);
  }

  address(host: number): string {
    return `10.99.0.${host}`;
  }

  /** Connects the machine whose first process is `pid`. */
  async plugIn(name: string, pid: number, address: string): Promise<void> {
    // What a machine of that name had, which lives a little longer than it.
    await this.#ip("link", "delete", name).catch(() => {});
    await this.#ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", `${pid}`);
    await this.#ip("link", "set", name, "master", "lan", "up");
    const inside = `ip address add ${address}/24 dev eth0 && ip link set eth0 up`;
    await execa("nsenter", [`--target=${pid}`, "--net", "--", "sh", "-c", inside]);
  }

  /** What a machine sends is lost, and nothing reaches it. */
  async cut(name: string): Promise<void> {
    await this.#ip("link", "set", name, "nomaster");
  }

  close(): void {
    this.#holder.kill("SIGKILL");
  }

  async #ip(...args: string[]): Promise<void> {
    await execa("nsenter", [`--target=${this.#holder.pid}`, "--net", "--", "ip", ...args]);
  }
}
