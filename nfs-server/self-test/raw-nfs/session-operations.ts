// How a client makes itself known and gets a session (RFC 8881, 18.35, 18.36, 18.46).
import { plain, type Operation } from "./operation.ts";
import type { XdrReader } from "./xdr-reader.ts";
import type { XdrWriter } from "./xdr-writer.ts";

/** A client as the server numbers it, and the number of its next session. */
export interface ClientId {
  readonly clientId: bigint;
  readonly nextSession: number;
}

/** Bytes that a session has. */
export type SessionId = Buffer;

const noParallelData = 0x1_0000;
const noProtection = 0;
/** Bytes of a message either way, and what is kept of answers. */
const sizes = { message: 131_072, kept: 4096 } as const;
const operationsInCompound = 16;
const slots = 1;
const callbackProgram = 0x4000_0000;
const callbackLogin = 0;

/** "Here is the client `owner`, in its run `run`" (8 bytes). */
export function exchangeId(owner: Buffer, run: Buffer): Operation<ClientId> {
  return {
    number: 42,
    name: "EXCHANGE_ID",
    write: (writer) => {
      const implementations = 0;
      writer.fixed(run).opaque(owner).u32(noParallelData).u32(noProtection).u32(implementations);
    },
    read: (reader) => {
      const known = { clientId: reader.u64(), nextSession: reader.u32() };
      skipServer(reader);
      return known;
    },
  };
}

export function createSession({ clientId, nextSession }: ClientId): Operation<SessionId> {
  return {
    number: 43,
    name: "CREATE_SESSION",
    write: (writer) => {
      const flags = 0;
      writer.u64(clientId).u32(nextSession).u32(flags);
      writeChannel(writer);
      writeChannel(writer);
      writer.u32(callbackProgram).array([callbackLogin], (login) => writer.u32(login));
    },
    read: (reader) => {
      const session = reader.fixed(16);
      const [sequenceAndFlags, channels] = [8, 2];
      reader.fixed(sequenceAndFlags);
      for (let each = 0; each < channels; each += 1) skipChannel(reader);
      return session;
    },
  };
}

/** Stands before everything else in a session, one higher each time. */
export function sequence(session: SessionId, number: number): Operation<void> {
  return {
    number: 53,
    name: "SEQUENCE",
    write: (writer) => {
      const [slot, highestSlot, keepAnswer] = [0, 0, false];
      writer.fixed(session).u32(number).u32(slot).u32(highestSlot).bool(keepAnswer);
    },
    read: (reader) => {
      const [numbers, words] = [16, 5];
      reader.fixed(numbers + words * 4);
    },
  };
}

/** "I had nothing open before": until then nothing can be opened. */
export const reclaimComplete: Operation<void> = {
  ...plain(58, "RECLAIM_COMPLETE"),
  write: (writer) => writer.bool(false),
};

export function destroySession(session: SessionId): Operation<void> {
  return { ...plain(44, "DESTROY_SESSION"), write: (writer) => writer.fixed(session) };
}

export function destroyClientId(clientId: bigint): Operation<void> {
  return { ...plain(57, "DESTROY_CLIENTID"), write: (writer) => writer.u64(clientId) };
}

function writeChannel(writer: XdrWriter): void {
  const headerPadding = 0;
  writer.u32(headerPadding).u32(sizes.message).u32(sizes.message).u32(sizes.kept);
  writer
    .u32(operationsInCompound)
    .u32(slots)
    .array([], () => undefined);
}

function skipChannel(reader: XdrReader): void {
  const words = 6;
  reader.fixed(words * 4);
  reader.array(() => reader.u32());
}

/** Flags, protection, and who the server is. */
function skipServer(reader: XdrReader): void {
  reader.u32();
  const protection = reader.u32();
  if (protection !== noProtection) throw new Error(`state protection ${protection} came`);
  reader.u64();
  reader.opaque();
  reader.opaque();
  reader.array(() => {
    reader.opaque();
    reader.opaque();
    reader.fixed(12);
  });
}
