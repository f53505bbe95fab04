import type { Machine } from "../../lab/machine.ts";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

/**
 * A container `name` that counts in lines of the file `<name>` of its volume, and says each number only when its line is
 * on the server's disk. It ends with the first line that fails.
 */
export class Writer {
  readonly name: string;
  readonly #on: Cluster;
  readonly #node: Machine;

  private constructor(on: Cluster, node: Machine, name: string) {
    this.name = name;
    this.#on = on;
    this.#node = node;
  }

  static async start(on: Cluster, node: Machine, name: string, volume: string): Promise<Writer> {
    const write = `dd of=/d/${name} oflag=append conv=notrunc,fsync 2>/dev/null`;
    const script = `n=0; while n=$((n+1)); do echo $n | ${write} || exit 1; echo $n; usleep 50000; done`;
    await on.container(node, name, volume, script);
    return new Writer(on, node, name);
  }

  /** The number said last: so many lines must be there, whatever happens. */
  async acknowledged(): Promise<number> {
    return Number(await this.#on.docker(this.#node, `logs --tail 1 ${this.name}`));
  }

  /** Waits until more than `count` lines are acknowledged. */
  async beyond(count: number, deadline?: number): Promise<number> {
    return eventually(
      async () => {
        const now = await this.acknowledged();
        return now > count && now;
      },
      `${this.name} has written more than ${count} lines`,
      deadline,
    );
  }

  /** The longest time in which it said nothing, in seconds, by the node's clock. */
  async longestPause(): Promise<number> {
    const log = await this.#on.docker(this.#node, `logs --timestamps ${this.name}`);
    const times = log.split("\n").map((line) => Date.parse(line.split(" ")[0] ?? ""));
    const gaps = times.map((time, index) => time - (times[index - 1] ?? time));
    return Math.round(Math.max(...gaps) / 100) / 10;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    await this.#on.docker(this.#node, `kill ${this.name}`);
  }
}

/** The lines of a file that a {@link Writer} has written, which must be 1, 2, 3 …; how many they are. */
export function linesOf(text: string): number {
  const lines = text.split("\n");
  const wrong = lines.findIndex((line, index) => line !== `${index + 1}`);
  if (wrong !== -1) throw new Error(`line ${wrong + 1} is "${lines[wrong]}"`);
  return lines.length;
}
