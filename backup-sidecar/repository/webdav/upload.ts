import { createHash, type Hash } from "node:crypto";
import type { Payload } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import type { WriteFacts } from "../remote.ts";

/** Files up to this size are read back whole; of larger ones, the size and the last bytes are. */
export const smallBytes = 256 * 1024;
const tailBytes = 4096;

/** A body on its way out: knows its SHA-256 and its last bytes once it has gone. */
export class Upload implements Payload {
  readonly size: number;
  readonly repeatable: boolean;
  readonly #source: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  #hash: Hash = createHash("sha256");
  #tail: Buffer = Buffer.alloc(0);
  #digest = "";
  #passed = 0;

  constructor(
    facts: WriteFacts,
    repeatable: boolean,
    source: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
  ) {
    this.size = facts.size;
    this.repeatable = repeatable;
    this.#source = source;
  }

  async *open(): AsyncGenerator<Uint8Array, void, void> {
    this.#hash = createHash("sha256");
    this.#tail = Buffer.alloc(0);
    this.#passed = 0;
    this.#digest = "";
    for await (const chunk of await this.#source()) {
      this.#hash.update(chunk);
      this.#passed += chunk.length;
      if (this.#passed > this.size) throw this.#wrong("is longer than was said");
      this.#keepTail(chunk);
      yield chunk;
    }
    if (this.#passed < this.size) throw this.#wrong("is shorter than was said");
    this.#digest = this.#hash.digest("hex");
  }

  /** Of what went out; empty when not all did. */
  get sha256(): string {
    return this.#digest;
  }

  /** The last bytes that went out, all of them when they were few. */
  get tail(): Buffer {
    return this.#tail;
  }

  #keepTail(chunk: Uint8Array): void {
    const keep = this.size <= smallBytes ? smallBytes : tailBytes;
    this.#tail =
      chunk.length >= keep
        ? Buffer.from(chunk.subarray(chunk.length - keep))
        : Buffer.concat([
            this.#tail.subarray(Math.max(0, this.#tail.length + chunk.length - keep)),
            chunk,
          ]);
  }

  #wrong(how: string): RemoteFailure {
    return new RemoteFailure("server", `What was to be written ${how}`, { waitingHelps: false });
  }
}
