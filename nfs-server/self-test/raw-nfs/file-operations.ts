// What is asked about files and directories (RFC 8881, 18). The current file is what came before in the same compound.
import { allAttributes, readAttributes, writeBitmap, type Attributes } from "./attributes.ts";
import { plain, type Operation } from "./operation.ts";
import type { Stateid } from "./stateid.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** What READDIR tells of a file. */
export interface Entry {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A directory, or its beginning. */
export interface Listing {
  readonly entries: readonly Entry[];
  readonly isAll: boolean;
}

/** What READ got. */
export interface Bytes {
  readonly data: Buffer;
  readonly isAtEnd: boolean;
}

const directoryBytes = 32_768;
const writtenToDisk = 2;

export const putRootFileHandle = plain(24, "PUTROOTFH");

export const lookUpParent = plain(16, "LOOKUPP");

export function putFileHandle(handle: Buffer): Operation<void> {
  return {
    number: 22,
    name: "PUTFH",
    write: (writer) => writer.opaque(handle),
    read: () => undefined,
  };
}

export function lookUp(name: string): Operation<void> {
  return {
    number: 15,
    name: "LOOKUP",
    write: (writer) => writer.string(name),
    read: () => undefined,
  };
}

export const getFileHandle: Operation<Buffer> = {
  number: 10,
  name: "GETFH",
  write: () => undefined,
  read: (reader) => reader.opaque(),
};

export const getAttributes: Operation<Attributes> = {
  number: 9,
  name: "GETATTR",
  write: (writer) => writeBitmap(writer, allAttributes),
  read: readAttributes,
};

/** A directory from its beginning, as much as one answer holds. */
export const readDirectory: Operation<Listing> = {
  number: 26,
  name: "READDIR",
  write: (writer) => {
    const [fromBeginning, verifier] = [0n, Buffer.alloc(8)];
    writer.u64(fromBeginning).fixed(verifier).u32(directoryBytes).u32(directoryBytes);
    writeBitmap(writer, allAttributes);
  },
  read: readListing,
};

export const readLink: Operation<string> = {
  number: 27,
  name: "READLINK",
  write: () => undefined,
  read: (reader) => reader.string(),
};

export function read(stateid: Stateid, offset: bigint, count: number): Operation<Bytes> {
  return {
    number: 25,
    name: "READ",
    write: (writer) => writer.fixed(stateid).u64(offset).u32(count),
    read: (reader) => ({ isAtEnd: reader.bool(), data: reader.opaque() }),
  };
}

/** Returns how many bytes were written. */
export function write(stateid: Stateid, offset: bigint, data: Buffer): Operation<number> {
  return {
    number: 38,
    name: "WRITE",
    write: (writer) => writer.fixed(stateid).u64(offset).u32(writtenToDisk).opaque(data),
    read: (reader) => {
      const count = reader.u32();
      // How far it got, and the server's run.
      reader.u32();
      reader.fixed(8);
      return count;
    },
  };
}

function readListing(reader: XdrReader): Listing {
  reader.fixed(8);
  const entries: Entry[] = [];
  while (reader.bool()) {
    // Where the next one would begin.
    reader.u64();
    entries.push({ name: reader.string(), attributes: readAttributes(reader) });
  }
  return { entries, isAll: reader.bool() };
}
