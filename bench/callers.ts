import { Connection } from "./connection.ts";

export interface Request {
  readonly verb: string;
  readonly body: object;
}

/** How long each call took, in milliseconds, in the order of their beginning, and all of them together. */
export interface Calls {
  readonly each: Float64Array;
  readonly total: number;
}

/** A number of callers at one socket; each asks, waits for the answer, and asks again at once. */
export class Callers {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async open(socketPath: string, count: number): Promise<Callers> {
    return new Callers(
      await Promise.all(Array.from({ length: count }, () => Connection.open(socketPath))),
    );
  }

  /** Makes `count` calls; `request(n)` is the nth. Rejects at the first that fails. */
  async run(count: number, request: (index: number) => Request): Promise<Calls> {
    const each = new Float64Array(count);
    let next = 0;
    const started = performance.now();
    await Promise.all(
      this.#connections.map(async (connection) => {
        while (next < count) {
          const index = next;
          next += 1;
          const { verb, body } = request(index);
          const asked = performance.now();
          await connection.call(verb, body);
          each[index] = performance.now() - asked;
        }
      }),
    );
    return { each, total: performance.now() - started };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
