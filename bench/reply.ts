const nothing: Buffer = Buffer.alloc(0);

/** A reply that is being read: its head, then a body of known length or in chunks. Fed with what the socket brings. */
export class Reply {
  #status = 0;
  #chunked = false;
  /** Read, but of no use before more comes: the beginning of the head, or of a chunk's size line. */
  #begun = nothing;
  /** Bytes still to come of the body, or of the chunk and its line end; null: a chunk's size line comes next. */
  #left: number | null = null;
  #isLastChunk = false;
  readonly #body: Buffer[] = [];

  get status(): number {
    return this.#status;
  }

  get body(): Buffer {
    return Buffer.concat(this.#body);
  }

  /** True when the reply is whole. A keep-alive connection brings nothing beyond it until asked again. */
  take(bytes: Buffer): boolean {
    let rest: Buffer | null = bytes;
    if (this.#status === 0) {
      rest = this.#upTo("\r\n\r\n", bytes, (head) => this.#readHead(head));
      if (rest === null) return false;
    }
    return this.#chunked ? this.#takeChunks(rest) : this.#takeLength(rest);
  }

  #readHead(head: string): void {
    this.#status = Number(head.slice(9, 12));
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    if (!this.#chunked) this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  }

  #takeLength(bytes: Buffer): boolean {
    this.#body.push(bytes);
    this.#left = (this.#left ?? 0) - bytes.length;
    return this.#left <= 0;
  }

  #takeChunks(bytes: Buffer): boolean {
    let rest: Buffer | null = bytes;
    while (rest.length > 0) {
      if (this.#left === null) {
        rest = this.#upTo("\r\n", rest, (line) => this.#readSize(line));
        if (rest === null) return false;
        continue;
      }
      const part = rest.subarray(0, this.#left);
      this.#body.push(part.subarray(0, Math.max(0, this.#left - "\r\n".length)));
      this.#left -= part.length;
      rest = rest.subarray(part.length);
      if (this.#left > 0) continue;
      if (this.#isLastChunk) return true;
      this.#left = null;
    }
    return false;
  }

  #readSize(line: string): void {
    const size = Number.parseInt(line, 16);
    this.#isLastChunk = size === 0;
    this.#left = size + "\r\n".length;
  }

  /** Gives what stands before `mark` to `use` and returns what follows; null when the mark has not come yet. */
  #upTo(mark: string, bytes: Buffer, use: (text: string) => void): Buffer | null {
    const all = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const end = all.indexOf(mark);
    this.#begun = end < 0 ? all : nothing;
    if (end < 0) return null;
    use(all.toString("latin1", 0, end));
    return all.subarray(end + mark.length);
  }
}
