import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What goes wrong with a request. */
export type Fault =
  /** Refused with this status; the body is read first. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: OutgoingHttpHeaders }
  /** The connection is reset after so many bytes of the request's body went on. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The connection is reset after so many bytes of the answer's body came back. */
  | { readonly kind: "reset-answer"; readonly afterBytes: number }
  /** Nothing is ever answered. */
  | { readonly kind: "hang" }
  /** The answer comes a byte at a time. */
  | { readonly kind: "trickle"; readonly everyMs: number }
  /** It is done, and the answer is lost. */
  | { readonly kind: "lose-answer" }
  /** The server gets another body than was sent, and what it answers is passed on. */
  | { readonly kind: "alter"; alter(body: Buffer): Buffer }
  /** The answer's body is another one. */
  | { readonly kind: "alter-answer"; alter(body: Buffer): Buffer };

export interface Seen {
  readonly method: string;
  readonly path: string;
}

export interface Rule {
  /** How often it was applied. */
  readonly hits: number;
  remove(): void;
}

/** Stands in front of a WebDAV server and does to requests what a test says. */
export class FaultProxy {
  readonly #upstream: URL;
  readonly #rules = new Set<{
    when: (seen: Seen) => boolean;
    left: number;
    hits: number;
    fault: Fault;
  }>();
  readonly seen: Seen[] = [];
  #server: Server;
  #port = 0;

  private constructor(upstream: URL) {
    this.#upstream = upstream;
    this.#server = this.#create();
  }

  static async before(url: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(url));
    await proxy.up();
    return proxy;
  }

  get url(): string {
    return `http://localhost:${this.#port}/`;
  }

  /** From now on, `fault` happens to the next `times` requests that `when` is true for; for ever by default. */
  add(when: (seen: Seen) => boolean, fault: Fault, times = Infinity): Rule {
    const rule = { when, fault, left: times, hits: 0 };
    this.#rules.add(rule);
    return {
      get hits() {
        return rule.hits;
      },
      remove: () => this.#rules.delete(rule),
    };
  }

  /** Nobody listens any more, and every connection is cut. */
  async down(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close").catch(() => undefined);
  }

  /** Listens again, where it did. */
  async up(): Promise<void> {
    this.#server = this.#create();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #create(): Server {
    return createServer({ requestTimeout: 0 }, (request, response) => {
      const { socket } = request;
      this.#serve(request, response).catch(() => socket.resetAndDestroy());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { method: request.method ?? "", path: request.url ?? "" };
    this.seen.push(seen);
    const rule = [...this.#rules].find(({ when, left }) => left > 0 && when(seen));
    if (rule === undefined) return this.#pass(request, response, null);
    rule.left -= 1;
    rule.hits += 1;
    const { fault } = rule;
    if (fault.kind === "hang") return void request.resume();
    if (fault.kind !== "status") return this.#pass(request, response, fault);
    await collected(request);
    response.writeHead(fault.status, fault.headers).end();
  }

  async #pass(
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | null,
  ): Promise<void> {
    const { socket } = request;
    const headers: OutgoingHttpHeaders = { ...request.headers, host: this.#upstream.host };
    const { destination } = request.headers;
    if (typeof destination === "string" && destination.startsWith("http"))
      headers["destination"] = new URL(new URL(destination).pathname, this.#upstream).href;
    const altered = fault?.kind === "alter" ? fault.alter(await collected(request)) : null;
    if (altered !== null) headers["content-length"] = String(altered.length);
    const outgoing = forward(new URL(request.url ?? "/", this.#upstream), {
      method: request.method,
      headers,
    });
    const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
    let early = false;
    answered.then(
      () => (early = true),
      () => undefined,
    );
    if (altered === null) await passBody();
    else outgoing.end(altered);
    const [incoming] = await answered;
    if (fault?.kind === "lose-answer") {
      await collected(incoming);
      return void socket.resetAndDestroy();
    }
    await this.#answer(incoming, request, response, fault);

    async function passBody(): Promise<void> {
      let passed = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        passed += chunk.length;
        if (fault?.kind === "reset" && passed >= fault.afterBytes) {
          outgoing.destroy();
          throw new Error("cut");
        }
        // Refused before all was said: the rest is heard, and goes nowhere.
        if (!early && !outgoing.write(chunk))
          await Promise.race([once(outgoing, "drain"), answered]);
      }
      if (!early) outgoing.end();
    }
  }

  async #answer(
    incoming: IncomingMessage,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | null,
  ): Promise<void> {
    if (fault?.kind === "alter-answer") {
      const body = fault.alter(await collected(incoming));
      const { "content-length": _, "transfer-encoding": __, ...headers } = incoming.headers;
      return void response
        .writeHead(incoming.statusCode ?? 500, { ...headers, "content-length": body.length })
        .end(body);
    }
    response.writeHead(incoming.statusCode ?? 500, incoming.headers);
    let passed = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      if (fault?.kind === "trickle") {
        for (const byte of chunk) {
          if (response.destroyed) return;
          response.write(Buffer.of(byte));
          await delay(fault.everyMs);
        }
        continue;
      }
      if (fault?.kind === "reset-answer" && passed + chunk.length >= fault.afterBytes) {
        response.write(chunk.subarray(0, fault.afterBytes - passed), () =>
          request.socket.resetAndDestroy(),
        );
        return;
      }
      passed += chunk.length;
      if (!response.write(chunk)) await once(response, "drain");
    }
    response.end();
  }
}

async function collected(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
