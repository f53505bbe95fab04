import type { Operation } from "./operation.ts";
import { statusName } from "./status.ts";
import type { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

const minorVersion = 1;

/** An operation of a compound did not end with NFS4_OK. Those after it were not tried. */
export class NfsRefusal extends Error {
  override readonly name = "NfsRefusal";
  /** As the standard writes it, `NFS4ERR_STALE`. */
  readonly status: string;
  readonly operation: string;

  constructor(operation: string, status: string) {
    super(`${operation}: ${status}`);
    this.operation = operation;
    this.status = status;
  }
}

/** The arguments of COMPOUND: the operations one after the other. */
export function formatCompound(operations: readonly Operation<unknown>[]): Buffer {
  const writer = new XdrWriter();
  const tag = "";
  writer.string(tag).u32(minorVersion);
  writer.array(operations, (each) => each.write(writer.u32(each.number)));
  return writer.bytes();
}

/** The answer of the `last`; throws {@link NfsRefusal} with the first operation that did not succeed. */
export function parseCompound<T>(
  reader: XdrReader,
  before: readonly Operation<unknown>[],
  last: Operation<T>,
): T {
  const status = reader.u32();
  reader.string();
  const count = reader.u32();
  if (count === 0) throw new NfsRefusal("COMPOUND", statusName(status));
  for (const each of before) parseAnswer(reader, each);
  return parseAnswer(reader, last);
}

function parseAnswer<T>(reader: XdrReader, { number, name, read }: Operation<T>): T {
  const answered = reader.u32();
  if (answered !== number) throw new Error(`${name} was expected, and ${answered} was answered`);
  const status = reader.u32();
  if (status !== 0) throw new NfsRefusal(name, statusName(status));
  return read(reader);
}
