/** Writes XDR (RFC 4506): everything is big-endian and fills whole words of four bytes. */
export class XdrWriter {
  readonly #pieces: Buffer[] = [];

  u32(value: number): this {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(value);
    return this.#add(word);
  }

  u64(value: bigint): this {
    const words = Buffer.alloc(8);
    words.writeBigUInt64BE(value);
    return this.#add(words);
  }

  bool(value: boolean): this {
    return this.u32(value ? 1 : 0);
  }

  /** Bytes whose number both sides know. */
  fixed(bytes: Buffer): this {
    return this.#add(bytes).#add(Buffer.alloc(padding(bytes.length)));
  }

  /** Bytes after their number. */
  opaque(bytes: Buffer): this {
    return this.u32(bytes.length).fixed(bytes);
  }

  string(text: string): this {
    return this.opaque(Buffer.from(text));
  }

  /** Several of a kind, after their number. */
  array<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.u32(items.length);
    for (const item of items) write(item);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  #add(piece: Buffer): this {
    this.#pieces.push(piece);
    return this;
  }
}

/** Bytes that are missing to a whole word. */
export function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
