// Remote procedure calls (RFC 5531), as far as NFS version 4 needs them.
import { XdrReader } from "./xdr-reader.ts";
import { XdrWriter } from "./xdr-writer.ts";

const call = 0;
const rpcVersion = 2;
const nfsProgram = 100_003;
const nfsVersion = 4;
const authNone = 0;
const authSys = 1;
/** RFC 9289: "do you speak TLS?" */
const authTls = 7;
const startTls = "STARTTLS";

/** What NFS version 4 can be asked: everything is in COMPOUND. */
export const procedure = { null: 0, compound: 1 } as const;

/** Who calls, by AUTH_SYS: the server believes it. */
export interface Credential {
  readonly uid: number;
  readonly gid: number;
  /** Further groups, 16 at most. */
  readonly groups: readonly number[];
}

/** The server refused the call itself, before anything in it was looked at. */
export class RpcRefusal extends Error {
  override readonly name = "RpcRefusal";
}

/** Why a server does not believe who calls (RFC 5531, 9). */
const loginTroubles: Readonly<Record<number, string>> = {
  1: "bad credential",
  2: "credential rejected",
  3: "bad verifier",
  4: "verifier rejected",
  5: "too weak",
  7: "failed",
};

/** Why a server that believes it does not do it. */
const troubles: Readonly<Record<number, string>> = {
  1: "no such program",
  2: "no such version",
  3: "no such procedure",
  4: "garbage",
  5: "server trouble",
};

/** A call of NFS version 4; `body` is in XDR. */
export function formatCall(
  xid: number,
  credential: Credential,
  what: number,
  body: Buffer,
): Buffer {
  const head = new XdrWriter();
  for (const word of [xid, call, rpcVersion, nfsProgram, nfsVersion, what]) head.u32(word);
  head.u32(authSys).opaque(loginOf(credential)).u32(authNone).u32(0);
  return Buffer.concat([head.bytes(), body]);
}

/** A call that does nothing but ask whether the connection may become TLS. */
export function formatTlsProbe(xid: number): Buffer {
  const head = new XdrWriter();
  for (const word of [xid, call, rpcVersion, nfsProgram, nfsVersion, procedure.null])
    head.u32(word);
  return head.u32(authTls).u32(0).u32(authNone).u32(0).bytes();
}

/** Whether the answer to {@link formatTlsProbe} is a yes. */
export function parseTlsAnswer(message: Buffer): boolean {
  const reader = new XdrReader(message);
  const [, kind, denied] = [reader.u32(), reader.u32(), reader.u32()];
  if (kind !== 1 || denied !== 0) return false;
  reader.u32();
  return reader.string() === startTls;
}

/** A reply: to which call, and what it says. Reading the latter throws {@link RpcRefusal} if it is a no. */
export function parseReply(message: Buffer): { xid: number; body: () => XdrReader } {
  const reader = new XdrReader(message);
  const xid = reader.u32();
  return { xid, body: () => bodyOf(reader) };
}

function bodyOf(reader: XdrReader): XdrReader {
  const kind = reader.u32();
  if (kind !== 1) throw new Error(`a reply was expected, and a message of kind ${kind} came`);
  const isDenied = reader.u32() !== 0;
  if (isDenied) throw denial(reader);
  // The server's verifier: of no use here.
  reader.u32();
  reader.opaque();
  const outcome = reader.u32();
  if (outcome !== 0) throw new RpcRefusal(`refused: ${troubles[outcome] ?? outcome}`);
  return reader;
}

function denial(reader: XdrReader): RpcRefusal {
  const isLogin = reader.u32() === 1;
  if (!isLogin) return new RpcRefusal("refused: another version of RPC");
  const why = reader.u32();
  return new RpcRefusal(`login refused: ${loginTroubles[why] ?? why}`);
}

function loginOf({ uid, gid, groups }: Credential): Buffer {
  const [stamp, machine] = [0, "swarmnfs"];
  const login = new XdrWriter().u32(stamp).string(machine).u32(uid).u32(gid);
  return login.array(groups, (each) => login.u32(each)).bytes();
}
