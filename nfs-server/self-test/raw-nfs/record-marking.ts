/** The last piece of a message has this bit in the word before it, which is its length otherwise (RFC 5531, 11). */
const lastFragment = 0x8000_0000;

/** A message as it goes over TCP, in one piece. */
export function markRecord(message: Buffer): Buffer {
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(message.length + lastFragment);
  return Buffer.concat([mark, message]);
}

/** Puts together the messages that come over TCP in pieces of any size. */
export class RecordAssembler {
  #received: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];

  /** Takes what has come, and returns the messages that are whole now. */
  add(bytes: Buffer): Buffer[] {
    this.#received = Buffer.concat([this.#received, bytes]);
    const messages: Buffer[] = [];
    while (this.#received.length >= 4) {
      const mark = this.#received.readUInt32BE();
      const end = 4 + (mark % lastFragment);
      if (this.#received.length < end) break;
      this.#fragments.push(this.#received.subarray(4, end));
      this.#received = this.#received.subarray(end);
      if (mark >= lastFragment) messages.push(Buffer.concat(this.#fragments.splice(0)));
    }
    return messages;
  }
}
