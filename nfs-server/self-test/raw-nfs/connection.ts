import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TlsIdentity } from "../../../storage/tls/tlshd.ts";
import { RecordAssembler, markRecord } from "./record-marking.ts";
import { formatCall, parseReply, type Credential } from "./rpc-message.ts";
import { startTls } from "./start-tls.ts";
import type { XdrReader } from "./xdr-reader.ts";

/** Where a server is, and from where it is called. */
export interface Way {
  readonly server: string;
  readonly port: number;
  /** An own address to call from; without it, the one that the machine takes. */
  readonly from?: string;
  /** Any port of one's own will do, for a server that minds none; usually it is a reserved one. */
  readonly anyPort?: boolean;
  /** The connection is to be TLS. */
  readonly tls?: TlsIdentity;
  /** Milliseconds for each answer. */
  readonly patience: number;
}

/** Servers trust ports under 1024; these are hardly ever taken. */
const reservedPorts = { first: 700, count: 300 } as const;

/** A connection to an NFS server, from a reserved port. */
export class Connection {
  readonly #socket: Socket;
  readonly #patience: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<() => XdrReader>>();
  #xid = Date.now() % 0x1_0000_0000;

  private constructor(socket: Socket, patience: number) {
    this.#socket = socket;
    this.#patience = patience;
    const assembler = new RecordAssembler();
    socket.on("data", (bytes) => {
      for (const message of assembler.add(bytes)) this.#answered(message);
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server has closed the connection")));
  }

  /** Throws if there is no way, or nobody listens, or all reserved ports are taken. */
  static async open(way: Way): Promise<Connection> {
    if (way.anyPort === true) return new Connection(await dialled(way, 0), way.patience);
    let port = reservedPorts.first + (process.pid % reservedPorts.count);
    for (let tried = 0; ; tried += 1) {
      try {
        return new Connection(await dialled(way, port), way.patience);
      } catch (error) {
        const isTaken = ["EADDRINUSE", "EADDRNOTAVAIL"].includes(codeOf(error));
        if (!isTaken || tried === reservedPorts.count) throw error;
        port = reservedPorts.first + ((port + 1) % reservedPorts.count);
      }
    }
  }

  /** Calls and waits. Throws if the server refuses the call, is too late or is gone. */
  async call(credential: Credential, procedure: number, body: Buffer): Promise<XdrReader> {
    this.#xid = (this.#xid + 1) % 0x1_0000_0000;
    const [xid, answer] = [this.#xid, Promise.withResolvers<() => XdrReader>()];
    this.#waiting.set(xid, answer);
    const late = setTimeout(
      () => answer.reject(new Error(`no answer in ${this.#patience / 1000} s`)),
      this.#patience,
    );
    try {
      this.#socket.write(markRecord(formatCall(xid, credential, procedure, body)));
      return (await answer.promise)();
    } finally {
      clearTimeout(late);
      this.#waiting.delete(xid);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #answered(message: Buffer): void {
    const { xid, body } = parseReply(message);
    this.#waiting.get(xid)?.resolve(body);
  }

  #fail(error: Error): void {
    for (const each of this.#waiting.values()) each.reject(error);
  }
}

async function dialled(way: Way, localPort: number): Promise<Socket> {
  const socket = await dial(way, localPort);
  if (way.tls === undefined) return socket;
  try {
    return await startTls(socket, way.tls, way.server, way.patience);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function dial({ server, port, from, patience }: Way, localPort: number): Promise<Socket> {
  const socket = connect({
    host: server,
    port,
    localPort,
    ...(from !== undefined && { localAddress: from }),
  });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(patience) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
