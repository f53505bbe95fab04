import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Reply } from "./reply.ts";

/**
 * One keep-alive connection to a volume plugin, as Docker holds them. Written for little work of its own: a busy client
 * on the same machine would be measured with the plugin.
 */
export class Connection {
  readonly #socket: Socket;
  #waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | null = null;
  #reply = new Reply();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the plugin closed the connection")));
  }

  static async open(socketPath: string): Promise<Connection> {
    const socket = connect(socketPath);
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** One call at a time. Rejects unless the plugin answers 200 without `Err`. */
  async call(verb: string, request: object): Promise<Buffer> {
    const body = JSON.stringify(request);
    const text =
      `POST /VolumeDriver.${verb} HTTP/1.1\r\nHost: \r\nUser-Agent: Go-http-client/1.1\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      `Accept: application/vnd.docker.plugins.v1.2+json\r\n\r\n${body}`;
    if (this.#socket.destroyed) throw new Error("the plugin has closed the connection meanwhile");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(text);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (!this.#reply.take(bytes)) return;
    const { status, body } = this.#reply;
    const waiting = this.#waiting;
    this.#reply = new Reply();
    this.#waiting = null;
    const isFine = status === 200 && !/^\{"Err":"[^"]/.test(body.toString("latin1", 0, 9));
    if (isFine) waiting?.resolve(body);
    else waiting?.reject(new Error(`the plugin answered ${status}: ${body.toString().trim()}`));
  }
}
