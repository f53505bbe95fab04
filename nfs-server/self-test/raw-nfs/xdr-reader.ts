import { padding } from "./xdr-writer.ts";

/** Reads XDR (RFC 4506). Throws when there is less than was to be read. */
export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number {
    return this.#take(4).readUInt32BE();
  }

  u64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  bool(): boolean {
    return this.u32() !== 0;
  }

  /** Bytes whose number both sides know. */
  fixed(length: number): Buffer {
    const bytes = this.#take(length);
    this.#take(padding(length));
    return bytes;
  }

  /** Bytes after their number. */
  opaque(): Buffer {
    return this.fixed(this.u32());
  }

  string(): string {
    return this.opaque().toString();
  }

  /** Several of a kind, after their number. */
  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let count = this.u32(); count > 0; count -= 1) items.push(read());
    return items;
  }

  #take(length: number): Buffer {
    if (length > this.left)
      throw new Error(`${length} bytes were expected at ${this.#at}, and there are ${this.left}`);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }
}
