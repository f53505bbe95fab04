import type { XdrReader } from "./xdr-reader.ts";
import type { XdrWriter } from "./xdr-writer.ts";

/** One step of a COMPOUND: its number and arguments, and how its answer is read. */
export interface Operation<T> {
  readonly number: number;
  readonly name: string;
  readonly write: (writer: XdrWriter) => unknown;
  /** Reads what follows its status when that is NFS4_OK. */
  readonly read: (reader: XdrReader) => T;
}

/** An operation that has neither arguments nor an answer. */
export function plain(number: number, name: string): Operation<void> {
  return { number, name, write: () => undefined, read: () => undefined };
}
