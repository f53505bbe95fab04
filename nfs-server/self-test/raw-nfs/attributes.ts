import { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

/** What is asked of a file (RFC 8881, 5.8), in the order of the numbers, which is that of the answer. */
const kinds = { type: 1, size: 4, fileid: 20, mode: 33 } as const;

/** What is known of a file. A server may leave out what it does not have. */
export interface Attributes {
  readonly type?: number;
  readonly size?: bigint;
  readonly fileid?: bigint;
  readonly mode?: number;
}

/** Asks for all of {@link Attributes}. */
export const allAttributes: readonly number[] = Object.values(kinds);

/** Numbers of attributes as bits. */
export function writeBitmap(writer: XdrWriter, numbers: readonly number[]): XdrWriter {
  const words: number[] = [];
  for (const number of numbers) {
    const word = Math.floor(number / 32);
    while (words.length <= word) words.push(0);
    words[word] = ((words[word] ?? 0) | (1 << (number % 32))) >>> 0;
  }
  return writer.array(words, (word) => writer.u32(word));
}

/** The same back. */
export function readBitmap(reader: XdrReader): number[] {
  const words = reader.array(() => reader.u32());
  return words.flatMap((word, index) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => ((word >>> bit) & 1) === 1)
      .map((bit) => index * 32 + bit),
  );
}

/** The attributes of a new file: nothing but who may do what with it. */
export function writeMode(writer: XdrWriter, mode: number): XdrWriter {
  return writeBitmap(writer, [kinds.mode]).opaque(new XdrWriter().u32(mode).bytes());
}

/** What GETATTR and READDIR answer to {@link allAttributes}. */
export function readAttributes(reader: XdrReader): Attributes {
  const present = new Set(readBitmap(reader));
  const values = new XdrReader(reader.opaque());
  return {
    ...(present.has(kinds.type) && { type: values.u32() }),
    ...(present.has(kinds.size) && { size: values.u64() }),
    ...(present.has(kinds.fileid) && { fileid: values.u64() }),
    ...(present.has(kinds.mode) && { mode: values.u32() }),
  };
}
