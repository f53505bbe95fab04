import { once } from "node:events";
import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as plain,
} from "node:http";
import { request as secure } from "node:https";
import { readAll } from "../../../service/read-all.ts";
import { RemoteFailure } from "../failure.ts";
import { networkFailure } from "./network-failure.ts";
import { Patience, type Bounds } from "./patience.ts";

/** Limits how fast bytes flow; resolves when so many more may. */
export interface Throttle {
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

export interface Payload {
  /** Bytes, exact. */
  readonly size: number;
  /** The body from its beginning. */
  open(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Whether it can be had again, to repeat a request. */
  readonly repeatable: boolean;
}

export interface Request {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Payload | null;
  readonly signal?: AbortSignal;
}

export interface Circumstances {
  readonly agent: Agent;
  readonly bounds: Bounds;
  readonly upload: Throttle | null;
  readonly download: Throttle | null;
  /** Told of each piece that went out or came in. */
  moved(direction: "sent" | "received", bytes: number): void;
}

/** An answer whose body has not been read yet: one of `chunks`, `bytes`, `discard` must be called. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body, piece by piece; throws `network` when it is cut short or stalls. */
  chunks(): AsyncGenerator<Buffer, void, void>;
  /** All of it; throws `server` when it is larger than `limit`. */
  bytes(limit: number): Promise<Buffer>;
  discard(): void;
}

const piece = 64 * 1024;

/** Bytes as a body. */
export function payloadOf(bytes: Uint8Array): Payload {
  return { size: bytes.length, repeatable: true, open: () => [bytes] };
}

/** One request and its answer, whatever its status. Throws `network` or `tls`, or the signal's reason. */
export async function exchange(url: URL, request: Request, around: Circumstances): Promise<Answer> {
  const { signal, payload } = request;
  signal?.throwIfAborted();
  const patience = new Patience(url.host, around.bounds);
  const outgoing = (url.protocol === "https:" ? secure : plain)(url, {
    agent: around.agent,
    method: request.method,
    headers: {
      ...request.headers,
      ...(payload === null ? {} : { "content-length": String(payload.size) }),
    },
  });
  const abort = (): void => void outgoing.destroy();
  signal?.addEventListener("abort", abort);
  const answered = Promise.withResolvers<IncomingMessage>();
  answered.promise.catch(() => undefined);
  outgoing.once("response", answered.resolve);
  // Stays for later errors, which nobody else would hear.
  outgoing.on("error", answered.reject);
  try {
    if (payload === null) outgoing.end();
    else await send();
    const incoming = await patience.answer(answered.promise);
    return new Incoming(
      url.host,
      incoming,
      patience,
      around,
      () => {
        signal?.removeEventListener("abort", abort);
        // Answered before all was sent: the rest will not be, so nothing else can follow on this connection.
        if (!outgoing.writableEnded) outgoing.destroy();
      },
      signal,
    );
  } catch (error) {
    outgoing.destroy();
    signal?.removeEventListener("abort", abort);
    signal?.throwIfAborted();
    throw networkFailure(url.host, error);
  }

  async function send(): Promise<void> {
    let early = false;
    const stop = answered.promise.then(
      () => void (early = true),
      (error: unknown) => {
        throw error;
      },
    );
    stop.catch(() => undefined);
    for await (const chunk of payload?.open() ?? []) {
      for (let at = 0; at < chunk.length; at += piece) {
        const part = chunk.subarray(at, at + piece);
        await around.upload?.take(part.length, signal);
        if (early) return;
        if (!outgoing.write(part))
          await patience.piece(Promise.race([once(outgoing, "drain"), stop]), () => part.length);
        around.moved("sent", part.length);
      }
    }
    if (!early) outgoing.end();
  }
}

class Incoming implements Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #host: string;
  readonly #message: IncomingMessage;
  readonly #patience: Patience;
  readonly #around: Circumstances;
  readonly #over: () => void;
  readonly #signal: AbortSignal | undefined;

  constructor(
    host: string,
    message: IncomingMessage,
    patience: Patience,
    around: Circumstances,
    over: () => void,
    signal: AbortSignal | undefined,
  ) {
    this.#host = host;
    this.#message = message;
    this.#patience = patience;
    this.#around = around;
    this.#over = over;
    this.#signal = signal;
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    message.on("error", () => undefined);
    message.once("close", over);
  }

  async *chunks(): AsyncGenerator<Buffer, void, void> {
    const body = this.#message.iterator({ destroyOnReturn: true }) as AsyncIterableIterator<Buffer>;
    try {
      for (;;) {
        const next = await this.#patience.piece(body.next(), ({ value }) =>
          Buffer.isBuffer(value) ? value.length : 0,
        );
        if (next.done === true) return;
        await this.#around.download?.take(next.value.length, this.#signal);
        this.#around.moved("received", next.value.length);
        yield next.value;
      }
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw networkFailure(this.#host, error);
    } finally {
      if (!this.#message.complete) this.#message.destroy();
      this.#over();
    }
  }

  bytes(limit: number): Promise<Buffer> {
    const tooMany = (): RemoteFailure =>
      new RemoteFailure("server", `"${this.#host}" answers with more than it should`);
    return readAll(this.chunks(), limit, tooMany);
  }

  discard(): void {
    // A short rest is read, so that the connection can be used again; a long one is not worth it.
    const size = Number(this.headers["content-length"] ?? 0);
    if (size > piece || !this.#message.socket.writable) this.#message.destroy();
    else this.#message.resume();
    this.#over();
  }
}
