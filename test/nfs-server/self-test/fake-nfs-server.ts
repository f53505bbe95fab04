import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { readBitmap, writeBitmap } from "../../../nfs-server/self-test/raw-nfs/attributes.ts";
import {
  formatFileHandle,
  numberedFsid,
  parseFileHandle,
  type FileId,
} from "../../../nfs-server/self-test/raw-nfs/file-handle.ts";
import {
  markRecord,
  RecordAssembler,
} from "../../../nfs-server/self-test/raw-nfs/record-marking.ts";
import { TLSSocket } from "node:tls";
import type { TlsIdentity } from "../../../storage/tls/tlshd.ts";
import { XdrReader } from "../../../nfs-server/self-test/raw-nfs/xdr-reader.ts";
import { XdrWriter } from "../../../nfs-server/self-test/raw-nfs/xdr-writer.ts";

/** What a handle opens: a file by its number, under an export's number. */
export interface Asked {
  readonly fsid: number;
  readonly file: number;
}

/** A file of the fake file system, and where it is. */
interface Node {
  readonly name: string;
  readonly parent: number | null;
}

export const status = {
  ok: 0,
  noent: 2,
  access: 13,
  stale: 70,
  serverFault: 10006,
  wrongSec: 10016,
  delay: 10008,
};

const alone = 0x81;
const withParent = 0x82;

/** How the fake file system names a file in handles. */
export function idOf(file: number, parent?: number): FileId {
  const bytes = Buffer.alloc(parent === undefined ? 8 : 16);
  bytes.writeBigUInt64LE(BigInt(file));
  if (parent !== undefined) bytes.writeBigUInt64LE(BigInt(parent), 8);
  return { kind: parent === undefined ? alone : withParent, bytes };
}

/**
 * An NFS server that speaks to one client over TCP, and isolates what it exports as `verdict` says: the status of a look at
 * a file under an export that is there, by whether the file is below it.
 */
export class FakeNfsServer {
  /** Directories by the numbers of their exports. */
  readonly exports = new Map<number, number>();
  verdict = (_: Asked, isBelow: boolean): number => (isBelow ? status.ok : status.stale);
  /** Exports that are for connections with a certificate. */
  readonly certified = new Set<number>();
  /** What it proves itself with, where it speaks TLS. */
  identity: TlsIdentity | null = null;
  /** It takes connections, and says nothing. */
  isSilent = false;
  readonly #files: ReadonlyMap<number, Node>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(files: ReadonlyMap<number, Node>) {
    this.#files = files;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(files: ReadonlyMap<number, Node>): Promise<FakeNfsServer> {
    const server = new FakeNfsServer(files);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const assembler = new RecordAssembler();
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      for (const message of assembler.add(bytes)) if (!this.isSilent) this.#answer(socket, message);
    });
  }

  #answer(socket: Socket, message: Buffer): void {
    const [compound, tls] = [1, 7];
    if (message.readUInt32BE(20) === compound) {
      const isSecure = socket instanceof TLSSocket && this.#knows(socket);
      socket.write(markRecord(this.#reply(new XdrReader(message), isSecure)));
      return;
    }
    const { identity } = this;
    const isYes = message.readUInt32BE(24) === tls && identity !== null;
    const head = new XdrWriter();
    for (const word of [message.readUInt32BE(0), 1, 0, 0]) head.u32(word);
    socket.write(
      markRecord(
        head
          .string(isYes ? "STARTTLS" : "")
          .u32(0)
          .bytes(),
      ),
    );
    if (!isYes) return;
    socket.removeAllListeners("data");
    const { key, certificate: cert, authority: ca } = identity;
    const options = { key, cert, ca, requestCert: true, rejectUnauthorized: false };
    this.#serve(new TLSSocket(socket, { ...options, isServer: true, ALPNProtocols: ["sunrpc"] }));
  }

  /** Whether there is a certificate at the other end, of our own authority. */
  #knows(socket: TLSSocket): boolean {
    const { raw } = socket.getPeerCertificate();
    if (raw === undefined || this.identity === null) return false;
    const authority = new X509Certificate(this.identity.authority);
    return new X509Certificate(raw).verify(authority.publicKey);
  }

  #reply(call: XdrReader, isSecure: boolean): Buffer {
    const xid = call.u32();
    for (let word = 0; word < 5; word += 1) call.u32();
    for (const _ of ["credential", "verifier"]) {
      call.u32();
      call.opaque();
    }
    call.string();
    call.u32();
    const operations = call.u32();
    const answers: Buffer[] = [];
    const run: Run = { current: null, isSecure };
    let [count, outcome] = [0, status.ok];
    while (count < operations && outcome === status.ok) {
      const number = call.u32();
      const answer = new XdrWriter();
      outcome = this.#do(number, call, answer, run);
      answers.push(new XdrWriter().u32(number).u32(outcome).bytes());
      if (outcome === status.ok) answers.push(answer.bytes());
      count += 1;
    }
    const head = new XdrWriter();
    for (const word of [xid, 1, 0, 0, 0, 0]) head.u32(word);
    head.u32(outcome).string("").u32(count);
    return Buffer.concat([head.bytes(), ...answers]);
  }

  #do(operation: number, call: XdrReader, answer: XdrWriter, run: Run): number {
    switch (operation) {
      case 42: {
        call.fixed(8);
        call.opaque();
        for (let word = 0; word < 3; word += 1) call.u32();
        answer.u64(7n).u32(1).u32(0).u32(0).u64(0n).string("fake").string("fake").u32(0);
        return status.ok;
      }
      case 43: {
        const [ids, channel] = [16, 28];
        call.fixed(ids + channel * 2);
        for (let word = 0; word < 3; word += 1) call.u32();
        answer.fixed(Buffer.alloc(16 + 8 + channel * 2));
        return status.ok;
      }
      case 53:
        call.fixed(32);
        answer.fixed(Buffer.alloc(36));
        return status.ok;
      case 44:
        call.fixed(16);
        return status.ok;
      case 57:
        call.u64();
        return status.ok;
      case 22:
        return this.#put(call.opaque(), run);
      case 9:
        readBitmap(call);
        writeBitmap(answer, [20]).opaque(new XdrWriter().u64(BigInt(current(run).file)).bytes());
        return status.ok;
      case 10: {
        const { fsid, file } = current(run);
        const id = idOf(file, this.#files.get(file)?.parent ?? 0);
        answer.opaque(formatFileHandle({ fsid: numberedFsid(fsid), file: id }));
        return status.ok;
      }
      case 15: {
        const name = call.string();
        const { fsid, file } = current(run);
        const found = [...this.#files].find(
          ([, each]) => each.name === name && each.parent === file,
        );
        if (found === undefined) return status.noent;
        return this.#go({ fsid, file: found[0] }, run);
      }
      case 16: {
        const { fsid, file } = current(run);
        // What is above an export is the root of all.
        if (this.exports.get(fsid) === file) run.current = { fsid: 0, file: pseudoRoot };
        else return this.#go({ fsid, file: this.#files.get(file)?.parent ?? 0 }, run);
        return status.ok;
      }
      default:
        throw new Error(`operation ${operation} is not known here`);
    }
  }

  #put(handle: Buffer, run: Run): number {
    const { fsid, file } = parseFileHandle(handle);
    const number = fsid.bytes.readUInt32LE();
    const root = this.exports.get(number);
    if (file.kind === 0) {
      if (root === undefined) return status.stale;
      run.current = { fsid: number, file: root };
      return status.ok;
    }
    return this.#go({ fsid: number, file: Number(file.bytes.readBigUInt64LE()) }, run);
  }

  #go(asked: Asked, run: Run): number {
    const root = this.exports.get(asked.fsid);
    if (this.certified.has(asked.fsid) && !run.isSecure) return status.wrongSec;
    const outcome = this.verdict(asked, root !== undefined && this.#isBelow(asked.file, root));
    if (outcome === status.ok) run.current = asked;
    return outcome;
  }

  #isBelow(file: number, root: number): boolean {
    // Where all exports are shown there are only those that one has, and here it is none.
    if (root === pseudoRoot) return file === pseudoRoot;
    for (let at: number | null = file; at !== null; at = this.#files.get(at)?.parent ?? null)
      if (at === root) return true;
    return false;
  }
}

/** Number of the place where all exports are shown. */
export const pseudoRoot = 1;

interface Run {
  readonly isSecure: boolean;
  current: Asked | null;
}

function current(run: Run): Asked {
  if (run.current === null) throw new Error("there is no current file");
  return run.current;
}
