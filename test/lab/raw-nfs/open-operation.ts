import { readBitmap, writeMode } from "../../../nfs-server/self-test/raw-nfs/attributes.ts";
import type { Operation } from "../../../nfs-server/self-test/raw-nfs/operation.ts";
import type { Stateid } from "../../../nfs-server/self-test/raw-nfs/stateid.ts";
import type { XdrReader } from "../../../nfs-server/self-test/raw-nfs/xdr-reader.ts";
import type { XdrWriter } from "../../../nfs-server/self-test/raw-nfs/xdr-writer.ts";

const shareBoth = 3;
const denyNothing = 0;
const create = 1;
const unchecked = 0;
const claimByName = 0;
const claimCurrentFile = 4;
const noDelegation = 0;
const noDelegationBecause = 3;

/** Who opens: a client, and a name it has for the process. */
export interface OpenOwner {
  readonly clientId: bigint;
  readonly name: string;
}

/** Opens a file of the current directory to read and write, and makes it if it is missing. It is the current file then. */
export function openByName(owner: OpenOwner, name: string, mode: number): Operation<Stateid> {
  return open(owner, (writer) =>
    writeMode(writer.u32(create).u32(unchecked), mode).u32(claimByName).string(name),
  );
}

/** Opens the current file itself to read and write: a file handle is all that is needed for it. */
export function openCurrent(owner: OpenOwner): Operation<Stateid> {
  const noCreate = 0;
  return open(owner, (writer) => writer.u32(noCreate).u32(claimCurrentFile));
}

function open(owner: OpenOwner, writeHow: (writer: XdrWriter) => unknown): Operation<Stateid> {
  return {
    number: 18,
    name: "OPEN",
    write: (writer) => {
      const sequence = 0;
      writer.u32(sequence).u32(shareBoth).u32(denyNothing);
      writer.u64(owner.clientId).string(owner.name);
      writeHow(writer);
    },
    read: readOpened,
  };
}

function readOpened(reader: XdrReader): Stateid {
  const stateid = reader.fixed(16);
  // How the directory has changed, and flags.
  reader.fixed(20);
  reader.u32();
  readBitmap(reader);
  const delegation = reader.u32();
  if (delegation === noDelegationBecause) reader.u32();
  else if (delegation !== noDelegation)
    throw new Error(`a delegation of kind ${delegation} came, and nobody can give it back`);
  return stateid;
}
